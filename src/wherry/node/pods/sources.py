"""Where an agent hears of pods, and of what they refer to."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from wherry.kube.client.cache import Cache, place
from wherry.kube.client.informer import Handler, Informer
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import GroupVersionResource, Object


class PodSource(Protocol):
    """The pods of one node. An :class:`wherry.kube.client.informer.Informer` is one."""

    @property
    def synced(self) -> asyncio.Event: ...

    def add_handler(self, handler: Handler) -> Callable[[], None]: ...


class Shares:
    """One informer of all pods for many agents, each of which hears of its own: thousands of simulated nodes need no
    watch each."""

    def __init__(self, pods: Informer) -> None:
        self._pods = pods
        self._handlers: dict[str, list[Handler]] = {}
        pods.cache.add_index("node", lambda pod: (_node(pod),))
        pods.add_handler(self._told)

    def of(self, node: str) -> "Share":
        return Share(self, node)

    def add(self, node: str, handler: Handler) -> Callable[[], None]:
        self._handlers.setdefault(node, []).append(handler)
        for pod in self._pods.cache.by_index("node", node):
            handler(None, pod)
        return lambda: self._handlers[node].remove(handler)

    @property
    def synced(self) -> asyncio.Event:
        return self._pods.synced

    def _told(self, old: Object | None, new: Object | None) -> None:
        before = _node(old) if old is not None else ""
        after = _node(new) if new is not None else ""
        for handler in tuple(self._handlers.get(after or before, ())):
            handler(old if before == after or not after else None, new)


class Share:
    """Of one node."""

    def __init__(self, shares: Shares, node: str) -> None:
        self._shares = shares
        self._node = node

    @property
    def synced(self) -> asyncio.Event:
        return self._shares.synced

    def add_handler(self, handler: Handler) -> Callable[[], None]:
        return self._shares.add(self._node, handler)


_NAMED = "metadata.name="


class Objects:
    """Single objects for many agents out of one informer a resource: what pods of thousands of nodes refer to needs no
    watch for each node and object. It is :class:`wherry.node.pods.references.Followers`."""

    def __init__(self, informers: Informers) -> None:
        self._informers = informers
        self._whole: dict[GroupVersionResource, Informer] = {}
        self._handlers: dict[tuple[GroupVersionResource, str, str], dict[Handler, None]] = {}
        """In the order they came. The pods of a namespace all refer to the same few objects: there are thousands."""

    def of(self, resource: GroupVersionResource, namespace: str = "", *, fields: str = "") -> "Single":
        whole = self._whole.get(resource)
        if whole is None:
            whole = self._whole[resource] = self._informers.of(resource)
            whole.add_handler(lambda old, new: self._told(resource, old, new))
        return Single(self, whole, (resource, namespace, fields.removeprefix(_NAMED)))

    def release(self, single: "Single") -> None:
        single.close()

    def add(self, key: tuple[GroupVersionResource, str, str], handler: Handler) -> None:
        """One that is there already is not told twice."""
        self._handlers.setdefault(key, {})[handler] = None

    def remove(self, key: tuple[GroupVersionResource, str, str], handler: Handler) -> None:
        """Idempotent."""
        here = self._handlers.get(key)
        if here is not None:
            here.pop(handler, None)
            if not here:
                del self._handlers[key]

    def _told(self, resource: GroupVersionResource, old: Object | None, new: Object | None) -> None:
        obj = new if new is not None else old
        assert obj is not None
        for handler in tuple(self._handlers.get((resource, *place(obj)), ())):
            handler(old, new)


class Single:
    """One object. Its cache has others, too."""

    def __init__(self, objects: Objects, whole: Informer, key: tuple[GroupVersionResource, str, str]) -> None:
        self._objects = objects
        self._whole = whole
        self._key = key
        self._added: list[Handler] = []

    @property
    def cache(self) -> Cache:
        return self._whole.cache

    @property
    def synced(self) -> asyncio.Event:
        return self._whole.synced

    def add_handler(self, handler: Handler) -> Callable[[], None]:
        _, namespace, name = self._key
        self._added.append(handler)
        self._objects.add(self._key, handler)
        found = self.cache.get(name, namespace)
        if found is not None:
            handler(None, found)
        return lambda: self._objects.remove(self._key, handler)

    def close(self) -> None:
        """Nobody is told any more."""
        for handler in self._added:
            self._objects.remove(self._key, handler)


def _node(pod: Object) -> str:
    return str(pod["spec"].get("nodeName") or "")
