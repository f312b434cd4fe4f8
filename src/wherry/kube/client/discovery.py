"""Which resources an API server serves: for who must act on all of them, custom ones included."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from wherry.kube.machinery.model import GroupKind, GroupVersionResource


class ResourceType(msgspec.Struct, frozen=True):
    """One kind of objects in the version that is preferred; what is stored in another's place is not told twice."""

    resource: GroupVersionResource
    kind: str
    namespaced: bool
    verbs: frozenset[str]

    @property
    def group_kind(self) -> GroupKind:
        return GroupKind(self.resource.group, self.kind)


class Discovery(Protocol):
    """Of one server."""

    async def resources(self) -> Sequence[ResourceType]:
        """All that are served now. Raises Unavailable, StatusError when it cannot be known."""

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """``changed`` is called on the event loop after what is served has changed. Returns what ends that."""


class FakeDiscovery:
    """What a test says; ``error``, if set, is raised."""

    def __init__(self, types: Iterable[ResourceType] = ()) -> None:
        self.types = list(types)
        self.error: Exception | None = None
        self._listeners: list[Callable[[], None]] = []

    async def resources(self) -> Sequence[ResourceType]:
        if self.error is not None:
            raise self.error
        return list(self.types)

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    def change(self, types: Iterable[ResourceType]) -> None:
        """Serve these from now on."""
        self.types = list(types)
        for listener in tuple(self._listeners):
            listener()
