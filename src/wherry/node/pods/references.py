"""Config maps and secrets that pods here refer to: kept while one does, and who does is told when they change.

A node may read single objects only, and only those (the node authorizer), so there is one watch an object.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from wherry.kube.client.cache import Cache
from wherry.kube.client.informer import Handler
from wherry.kube.machinery.model import GroupVersionResource, Object


class Reference(NamedTuple):
    """``kind`` is ``configmaps`` or ``secrets``."""

    kind: str
    namespace: str
    name: str


class Kept(Protocol):
    """An object that is followed, perhaps among others. An :class:`wherry.kube.client.informer.Informer` is one."""

    @property
    def cache(self) -> Cache: ...

    @property
    def synced(self) -> asyncio.Event: ...

    def add_handler(self, handler: Handler) -> Callable[[], None]: ...


class Followers(Protocol):
    """:class:`wherry.kube.client.informers.Informers`, or :class:`wherry.node.pods.sources.Objects`."""

    def of(self, resource: GroupVersionResource, namespace: str = "", *, fields: str = "") -> Kept:
        """``fields`` select one object by its name."""

    def release(self, informer: Any) -> None:  # Any: what `of` has given
        """Nobody here needs it any more."""


class References:
    """``informers`` are not shared with who would let go of them; they should try again soon, because a pod can be
    quicker to get here than the right to read what it refers to."""

    def __init__(self, informers: Followers, changed: Callable[[str], None]) -> None:
        self._informers = informers
        self._changed = changed
        self._needed: dict[str, frozenset[Reference]] = {}
        self._kept: dict[Reference, Kept] = {}
        self._users: dict[Reference, set[str]] = {}

    async def need(self, uid: str, references: Iterable[Reference]) -> None:
        """The pod refers to these, and to no others any more. Returns when all are known, or known not to be there."""
        wanted = frozenset(references)
        for each in self._needed.get(uid, frozenset()) - wanted:
            self._drop(uid, each)
        self._needed[uid] = wanted
        for each in wanted:
            self._keep(uid, each)
        for each in wanted:
            kept = self._kept.get(each)
            if kept is not None:
                await kept.synced.wait()

    def is_needed(self, uid: str, references: Iterable[Reference]) -> bool:
        """Whether the pod has been said to need all of these."""
        return self._needed.get(uid, frozenset()).issuperset(references)

    def forget(self, uid: str) -> None:
        for each in self._needed.pop(uid, frozenset()):
            self._drop(uid, each)

    def find(self, reference: Reference) -> Object | None:
        """As it is now, of what somebody needs."""
        kept = self._kept.get(reference)
        return kept.cache.get(reference.name, reference.namespace) if kept else None

    def versions(self, uid: str) -> tuple[tuple[Reference, str], ...]:
        """What the pod refers to, in which state: equal as long as nothing of it has changed."""
        found = ((each, self.find(each)) for each in sorted(self._needed.get(uid, ())))
        return tuple((each, obj["metadata"]["resourceVersion"] if obj else "") for each, obj in found)

    def _keep(self, uid: str, reference: Reference) -> None:
        self._users.setdefault(reference, set()).add(uid)
        if reference in self._kept:
            return
        resource = GroupVersionResource("", "v1", reference.kind)
        informer = self._informers.of(resource, reference.namespace, fields=f"metadata.name={reference.name}")
        self._kept[reference] = informer

        def told(old: Object | None, new: Object | None) -> None:
            for user in tuple(self._users.get(reference, ())):
                self._changed(user)

        informer.add_handler(told)

    def _drop(self, uid: str, reference: Reference) -> None:
        users = self._users.get(reference, set())
        users.discard(uid)
        if not users:
            self._users.pop(reference, None)
            kept = self._kept.pop(reference, None)
            if kept is not None:
                self._informers.release(kept)
