"""Informers over everything that can be deleted, in step with what the server serves."""

from collections.abc import Callable

import msgspec

from wherry.kube.client.discovery import ResourceType
from wherry.kube.client.informer import Informer
from wherry.kube.client.informers import BARE, Informers
from wherry.kube.controllers.garbage.graph import Graph
from wherry.kube.machinery.model import GroupKind, GroupResource, GroupVersionResource, Object

NEEDED = frozenset({"delete", "list", "watch"})
IGNORED = frozenset({GroupResource("", "events"), GroupResource("events.k8s.io", "events")})
"""They are many, own nothing, and end by themselves."""


class _Monitor(msgspec.Struct, frozen=True):
    type: ResourceType
    informer: Informer
    take_off: Callable[[], None]


class Monitors:
    """Keeps a graph; calls ``suspect`` with uids to look at."""

    def __init__(self, informers: Informers, graph: Graph, suspect: Callable[[str], None]) -> None:
        self._informers = informers
        self._graph = graph
        self._suspect = suspect
        self._monitors: dict[GroupVersionResource, _Monitor] = {}
        self._kinds: dict[GroupKind, ResourceType] = {}

    def type_of(self, kind: GroupKind) -> ResourceType | None:
        """Of a kind that is served; None: there is none such."""
        return self._kinds.get(kind)

    def update(self, types: list[ResourceType]) -> None:
        """These are served now: watch those that can be, and no others."""
        self._kinds = {each.group_kind: each for each in types}
        wanted = {
            each.resource: each
            for each in types
            if each.verbs >= NEEDED and each.resource.group_resource not in IGNORED
        }
        for resource in [each for each in self._monitors if each not in wanted]:
            self._stop(self._monitors.pop(resource))
        for resource, type in wanted.items():
            if resource not in self._monitors:
                self._monitors[resource] = self._start(type)

    def _start(self, type: ResourceType) -> _Monitor:
        def changed(old: Object | None, new: Object | None) -> None:
            if new is not None:
                found = self._graph.observe(type, new)
            else:
                found = self._graph.forget((old or {})["metadata"]["uid"])
            for uid in found:
                self._suspect(uid)

        informer = self._informers.of(type.resource, transform=BARE)
        return _Monitor(type, informer, informer.add_handler(changed))

    def _stop(self, monitor: _Monitor) -> None:
        monitor.take_off()
        self._informers.release(monitor.informer)
        self._graph.drop(monitor.type)

    def close(self) -> None:
        """Watch nothing any more. Idempotent."""
        self.update([])

    @property
    def is_synced(self) -> bool:
        """All have listed: the graph has every object that there is."""
        return all(each.informer.synced.is_set() for each in self._monitors.values())
