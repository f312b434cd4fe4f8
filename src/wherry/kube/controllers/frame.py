"""What controllers share: what to watch, which key a change is about, workers, and looking again after a failure."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from wherry.kube.client.clock import Clock
from wherry.kube.client.discovery import Discovery
from wherry.kube.client.events import Recorder
from wherry.kube.client.informer import Informer
from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.client.workqueue import WorkQueue
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

logger = logging.getLogger(__name__)


class Key(NamedTuple):
    """What is looked at together: mostly one object. ``namespace`` empty: it has none."""

    namespace: str
    name: str


class Needs(msgspec.Struct, frozen=True):
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


class Interest(msgspec.Struct, frozen=True):
    """A change of one of these objects is about those keys: of its old state and of its new one."""

    informer: Informer
    keys: Callable[[Object], Iterable[Key]] = own


class Reconciler(Protocol):
    """Makes one thing right."""

    @property
    def name(self) -> str: ...

    @property
    def interests(self) -> Sequence[Interest]: ...

    async def reconcile(self, key: Key) -> float | None:
        """Look at the whole state of the thing and do what is missing. Idempotent. Returns the seconds after which to
        look again though nothing changed; None: not before something does. What it raises is looked at again, ever
        later."""


class Runnable(Protocol):
    """Something that runs until it is cancelled."""

    @property
    def name(self) -> str: ...

    async def run(self) -> None: ...


class Controller:
    """Runs a reconciler: one worker a key, several keys at once."""

    def __init__(self, reconciler: Reconciler, clock: Clock, workers: int = 2) -> None:
        self.name = reconciler.name
        self._reconciler = reconciler
        self._clock = clock
        self._workers = workers
        self._queue: WorkQueue[Key] = WorkQueue(clock)

    def add(self, key: Key) -> None:
        """Look at it: for who learns of changes by other ways than interests."""
        self._queue.add(key)

    async def run(self) -> None:
        """Until cancelled. Begins when everything has been listed. When it has ended it may be run again, and looks at
        everything anew."""
        self._queue = WorkQueue(self._clock)
        offs = [self._watch(interest) for interest in self._reconciler.interests]
        try:
            for interest in self._reconciler.interests:
                await interest.informer.synced.wait()
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work(), name=self.name)
        finally:
            for off in offs:
                off()
            self._queue.close()

    def _watch(self, interest: Interest) -> Callable[[], None]:
        def changed(old: Object | None, new: Object | None) -> None:
            for obj in (old, new):
                if obj is not None:
                    for key in interest.keys(obj):
                        self._queue.add(key)

        return interest.informer.add_handler(changed)

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                again = await self._reconciler.reconcile(key)
            except Exception as error:
                complain(self.name, key, error)
                self._queue.add_failed(key)
            else:
                self._queue.forget(key)
                if again is not None:
                    self._queue.add_after(key, again)
            finally:
                self._queue.done(key)


async def found(client: Client, resource: GroupVersionResource, key: Key) -> Object | None:
    """The object as it is now; None: there is none."""
    try:
        return await client.get(resource, key.name, key.namespace)
    except StatusError as error:
        if error.code != 404:
            raise
        return None


async def removed(client: Client, resource: GroupVersionResource, obj: Object) -> None:
    """Delete it, if it is still there and the same. Raises StatusError for all else."""
    meta = obj["metadata"]
    options = {"preconditions": {"uid": meta["uid"]}}
    try:
        await client.delete(resource, meta["name"], meta.get("namespace", ""), options=options)
    except StatusError as error:
        if error.code not in (404, 409):
            raise


def without_finalizer(obj: Object, finalizer: str) -> Object:
    """A copy that waits for it no longer."""
    kept = [each for each in obj["metadata"].get("finalizers") or () if each != finalizer]
    return {**obj, "metadata": {**obj["metadata"], "finalizers": kept}}


def complain(name: str, key: object, error: Exception) -> None:
    """A line in the log; a conflict is none to worry about: somebody else was quicker, and it is looked at again."""
    if isinstance(error, StatusError):
        logger.log(logging.DEBUG if error.code == 409 else logging.WARNING, "%s: %s: %s", name, key, error)
    else:
        logger.error("%s: %s", name, key, exc_info=error)
