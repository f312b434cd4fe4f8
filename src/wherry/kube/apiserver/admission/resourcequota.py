"""ResourceQuota: a namespace's quotas bear a new object, or it is refused
(k8s.io/apiserver pkg/admission/plugin/resourcequota).

A quota is charged before the object is stored, by a write of its status that fails when somebody else wrote it: so
creates at the same time, through several servers too, never exceed it. When the object is not stored after all, it is
given back; when that fails, the controller that counts again sets it right.
"""

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from wherry.kit.errors import WherryError
from wherry.kube.apiserver.admission.plugin import InNamespaces, Needs, Plugin, new_object, refusal
from wherry.kube.apiserver.model import AdmissionRequest, Operation, Waits
from wherry.kube.kinds.quotausage import charging
from wherry.kube.kinds.quotausage.amounts import Amounts, taken
from wherry.kube.kinds.quotausage.scopes import matches
from wherry.kube.kinds.quotausage.usage import CLAIMS, PODS, SERVICES, is_counted, usage
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.status import StatusError, conflict

logger = logging.getLogger(__name__)

QUOTAS = GroupResource("", "resourcequotas")
_UPDATED = frozenset({(SERVICES, ""), (CLAIMS, ""), (PODS, "resize")})
_TRIES = 16


class _Namespace(msgspec.Struct):
    """Charges of one namespace, one after the other in this process; ``users`` wait or write."""

    lock: asyncio.Lock
    users: int = 0


class ResourceQuota(Plugin):
    name = "ResourceQuota"

    def __init__(self, needs: Needs) -> None:
        self._known = InNamespaces(needs.listers.of(QUOTAS))
        self._live = needs.live
        self._quotas = needs.quotas
        self._busy: dict[str, _Namespace] = {}

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        if operation is Operation.UPDATE:
            return (resource, subresource) in _UPDATED
        return operation is Operation.CREATE and not subresource and is_counted(resource)

    def validate(self, request: AdmissionRequest) -> Waits:
        quotas = self._known.of(request.namespace)
        return self._charge_all(request, quotas) if quotas else None

    async def _charge_all(self, request: AdmissionRequest, quotas: Sequence[Object]) -> None:
        namespace = self._busy.setdefault(request.namespace, _Namespace(asyncio.Lock()))
        namespace.users += 1
        try:
            async with namespace.lock:
                for quota in quotas:
                    await self._charge(request, quota)
        finally:
            namespace.users -= 1
            if not namespace.users:
                del self._busy[request.namespace]

    async def _charge(self, request: AdmissionRequest, quota: Object) -> None:
        """Judge by the newest state of the quota, and write down what it bears."""
        obj, resource = new_object(request), request.resource
        current: Object | None = quota
        for attempt in range(_TRIES):
            if attempt:
                meta = quota["metadata"]
                current = await self._live.get(QUOTAS, meta["name"], meta.get("namespace", ""))
            if current is None or not matches(current, resource, obj) or not charging.limited(current, resource):
                return
            if complaint := charging.refusal(current, resource, obj):
                raise refusal(request, complaint)
            more = {name: each for name, each in _more(request).items() if name in charging.hard(current) and each}
            if not more:
                return
            if complaint := charging.exceeded(current, more):
                if not attempt:
                    continue  # the cache may be behind: ask the store before saying no
                raise refusal(request, complaint)
            if request.dry_run or await self._wrote(request, current, more):
                return
        raise conflict(QUOTAS, quota["metadata"]["name"], "too many writers; try again")

    async def _wrote(self, request: AdmissionRequest, quota: Object, more: Amounts) -> bool:
        try:
            await self._quotas.charge(quota, charging.charged(quota, more))
        except StatusError as error:
            if error.code in (404, 409):
                return False
            raise
        name, namespace = quota["metadata"]["name"], request.namespace

        async def settle(stored: bool) -> None:
            if not stored:
                await self._give_back(name, namespace, more)

        request.after.append(settle)
        return True

    async def _give_back(self, name: str, namespace: str, less: Amounts) -> None:
        for _ in range(_TRIES):
            try:
                quota = await self._live.get(QUOTAS, name, namespace)
                if quota is not None:
                    await self._quotas.charge(quota, charging.given_back(quota, less))
                return
            except StatusError as error:
                if error.code != 409:
                    logger.warning("quota %s/%s was not given back: %s", namespace, name, error)
                    return
            except WherryError as error:
                logger.warning("quota %s/%s was not given back: %s", namespace, name, error)
                return


def _more(request: AdmissionRequest) -> Amounts:
    """What the write adds; what an update takes less is for the controller to count."""
    new = usage(request.resource, new_object(request), request.now)
    if request.operation is Operation.UPDATE and request.old is not None:
        return taken(new, usage(request.resource, request.old, request.now))
    return new
