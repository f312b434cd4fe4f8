"""What controllers share: what to watch, which key a change is about, workers, and looking again after a failure."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from wherry.kube.client.clock import Clock
from wherry.kube.client.discovery import Discovery
from wherry.kube.client.events import Recorder
from wherry.kube.client.informer import Informer
from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.client.workqueue import WorkQueue
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

logger = logging.getLogger(__name__)


class Key(NamedTuple):
    """What is looked at together: mostly one object. ``namespace`` empty: it has none."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What controllers are made with. ``informers`` run while they are entered."""

    client: Client
    informers: Informers
    discovery: Discovery
    recorder: Recorder
    clock: Clock


def own(obj: Object) -> Iterable[Key]:
    """The object's own key."""
    meta = obj["metadata"]
    return (Key(meta.get("namespace", ""), meta["name"]),)


def by_namespace(obj: Object) -> Iterable[Key]:
    """That of the namespace it is in."""
    return (Key("", obj["metadata"].get("namespace", "")),)


@dataclass(frozen=True, slots=True)
class Interest:
    """A change of one of these objects is about those keys: of its old state and of its new one."""

    informer: Informer
    keys: Callable[[Object], Iterable[Key]] = own


class Reconciler(Protocol):
    """Makes one thing right."""

    name: str
    interests: Sequence[Interest]

    async def reconcile(self, key: Key) -> float | None:
        """Look at the whole state of the thing and do what is missing. Idempotent. Returns the seconds after which to
        look again though nothing changed; None: not before something does. What it raises is looked at again, ever
        later."""


class Runnable(Protocol):
    """Something that runs until it is cancelled."""

    name: str

    async def run(self) -> None: ...


class Controller:
    """Runs a reconciler: one worker a key, several keys at once."""

    def __init__(self, reconciler: Reconciler, clock: Clock, workers: int = 2) -> None:
        self.name = reconciler.name
        self._reconciler = reconciler
        self._clock = clock
        self._workers = workers

    async def run(self) -> None:
        """Until cancelled. Begins when everything has been listed."""
        queue: WorkQueue[Key] = WorkQueue(self._clock)
        offs = [self._watch(interest, queue) for interest in self._reconciler.interests]
        try:
            for interest in self._reconciler.interests:
                await interest.informer.synced.wait()
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work(queue), name=self.name)
        finally:
            for off in offs:
                off()
            queue.close()

    def _watch(self, interest: Interest, queue: WorkQueue[Key]) -> Callable[[], None]:
        def changed(old: Object | None, new: Object | None) -> None:
            for obj in (old, new):
                if obj is not None:
                    for key in interest.keys(obj):
                        queue.add(key)

        return interest.informer.add_handler(changed)

    async def _work(self, queue: WorkQueue[Key]) -> None:
        while True:
            key = await queue.get()
            try:
                again = await self._reconciler.reconcile(key)
            except Exception as error:
                complain(self.name, key, error)
                queue.add_failed(key)
            else:
                queue.forget(key)
                if again is not None:
                    queue.add_after(key, again)
            finally:
                queue.done(key)


def complain(name: str, key: object, error: Exception) -> None:
    """A line in the log; a conflict is none to worry about: somebody else was quicker, and it is looked at again."""
    if isinstance(error, StatusError):
        logger.log(logging.DEBUG if error.code == 409 else logging.WARNING, "%s: %s: %s", name, key, error)
    else:
        logger.error("%s: %s", name, key, exc_info=error)
