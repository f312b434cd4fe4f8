"""Where an agent hears of pods."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from wherry.kube.client.informer import Handler, Informer
from wherry.kube.machinery.model import Object


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


def _node(pod: Object) -> str:
    return str(pod["spec"].get("nodeName") or "")
