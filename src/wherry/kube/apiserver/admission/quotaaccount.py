"""One quota, and who waits to be charged to it.

A charge is a write of the quota's status, and with it a sync of the disk. Who comes while one is under way is charged
by the next, together with all others who came (upstream's ``checkQuotas`` does the same:
k8s.io/apiserver pkg/admission/plugin/resourcequota/controller.go).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec

from wherry.kit.errors import WherryError
from wherry.kube.apiserver.admission.plugin import Needs, new_object, refusal
from wherry.kube.apiserver.model import AdmissionRequest, Operation
from wherry.kube.kinds.quotausage import charging
from wherry.kube.kinds.quotausage.amounts import Amounts, taken
from wherry.kube.kinds.quotausage.scopes import matches
from wherry.kube.kinds.quotausage.usage import usage
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.status import StatusError, conflict

logger = logging.getLogger(__name__)

QUOTAS = GroupResource("", "resourcequotas")
_TRIES = 16


class _Waiting(msgspec.Struct, eq=False):
    """``answer`` is done when the quota bears the write or refuses it, or when nobody waits any more."""

    request: AdmissionRequest
    answer: "asyncio.Future[None]"
    more: Amounts = msgspec.field(default_factory=dict)

    def allow(self) -> None:
        if not self.answer.done():
            self.answer.set_result(None)

    def refuse(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Account:
    """``ended`` is called when nobody waits any more: then it can be forgotten."""

    def __init__(self, needs: Needs, name: str, namespace: str, ended: Callable[[], object]) -> None:
        self._cached = needs.listers.of(QUOTAS)
        self._live = needs.live
        self._quotas = needs.quotas
        self._place = name, namespace
        self._ended = ended
        self._waiting: list[_Waiting] = []
        self._work: asyncio.Task[None] | None = None

    async def charge(self, request: AdmissionRequest) -> None:
        """Until the quota has been charged for the write, if it is about it: ``request.after`` then gives back what is
        not stored. Raises StatusError when it does not bear it."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(request, loop.create_future())
        self._waiting.append(waiting)
        if self._work is None:  # a task of its own: who waits may go, and others wait for the same write
            self._work = loop.create_task(self._run())
        await waiting.answer

    async def _run(self) -> None:
        group: list[_Waiting] = []
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                try:
                    await self._settle(group)
                except Exception as error:  # whatever it is, somebody waits for it
                    for each in group:
                        each.refuse(error)
        finally:
            for each in (*group, *self._waiting):
                each.answer.cancel()  # of those who have none: the server ends
            self._work = None
            self._ended()

    async def _settle(self, group: Sequence[_Waiting]) -> None:
        """Judge by the newest state of the quota, and write down what it bears."""
        for attempt in range(_TRIES):
            quota = await self._live.get(QUOTAS, *self._place) if attempt else self._cached.get(*self._place)
            if quota is None:  # it limits nothing any more
                for each in group:
                    each.allow()
                return
            borne, beyond, status = _judged(quota, group)
            if attempt:
                for each, complaint in beyond:
                    each.refuse(refusal(each.request, complaint))
                beyond = []  # else the cache may be behind: the store is asked before anybody hears a no
            is_written = not borne or await self._wrote(quota, status)
            if is_written:
                await self._note(borne)
            group = [*(() if is_written else borne), *(each for each, _ in beyond)]
            if not group:
                return
        for each in group:
            each.refuse(conflict(QUOTAS, self._place[0], "too many writers; try again"))

    async def _wrote(self, quota: Object, status: Object) -> bool:
        try:
            await self._quotas.charge(quota, status)
        except StatusError as error:
            if error.code in (404, 409):
                return False
            raise
        return True

    async def _note(self, charged: Iterable[_Waiting]) -> None:
        gone = []
        for each in charged:
            if each.answer.done():
                gone.append(each)
            else:
                each.request.after.append(partial(self._end, each.more))
                each.allow()
        for each in gone:
            await self._end(each.more, stored=False)

    async def _end(self, more: Amounts, stored: bool) -> None:
        """Give back what was charged for what is not stored."""
        if stored:
            return
        why: object = "too many writers"
        for _ in range(_TRIES):
            try:
                quota = await self._live.get(QUOTAS, *self._place)
                if quota is not None:
                    await self._quotas.charge(quota, charging.given_back(quota, more))
                return
            except WherryError as error:
                if not isinstance(error, StatusError) or error.code != 409:
                    why = error
                    break
        logger.warning("quota %s of %s was not given back: %s", *self._place, why)


def _judged(quota: Object, group: Iterable[_Waiting]) -> tuple[list[_Waiting], list[tuple[_Waiting, str]], Object]:
    """Each in turn, as if those before were charged already: who is to be, whom it is too much for and why, and the
    status with the former. Who is neither has been answered, or has gone."""
    running, borne, beyond = quota, list[_Waiting](), list[tuple[_Waiting, str]]()
    for each in group:
        if each.answer.done():
            continue
        try:
            each.more = _more(running, each.request)
        except StatusError as error:
            each.refuse(error)
            continue
        if complaint := charging.exceeded(running, each.more) if each.more else "":
            beyond.append((each, complaint))
        elif each.more and not each.request.dry_run:
            running = {**running, "status": charging.charged(running, each.more)}
            borne.append(each)
        else:
            each.allow()
    return borne, beyond, running.get("status") or {}


def _more(quota: Object, request: AdmissionRequest) -> Amounts:
    """What the write adds to what the quota limits; what an update takes less is for the controller to count. Raises
    StatusError when the quota cannot judge it."""
    obj, resource = new_object(request), request.resource
    if not matches(quota, resource, obj) or not charging.limited(quota, resource):
        return {}
    if complaint := charging.refusal(quota, resource, obj):
        raise refusal(request, complaint)
    more: Amounts = usage(resource, obj, request.now)
    if request.operation is Operation.UPDATE and request.old is not None:
        more = taken(more, usage(resource, request.old, request.now))
    bounds = charging.hard(quota)
    return {name: amount for name, amount in more.items() if amount and name in bounds}
