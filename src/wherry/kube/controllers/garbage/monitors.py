"""Tell a graph what happens to the ties of everything that can be deleted, in step with what the server serves."""

import logging
from asyncio import Task, TaskGroup
from collections.abc import Callable
from typing import TypeVar

import msgspec

from wherry.kube.client.clock import Clock
from wherry.kube.client.discovery import ResourceType
from wherry.kube.client.model import Client, View
from wherry.kube.client.reflector import Reflector, Selection
from wherry.kube.controllers.garbage.graph import Graph
from wherry.kube.machinery.model import GroupKind, GroupResource, GroupVersionResource, Object

logger = logging.getLogger(__name__)

NEEDED = frozenset({"delete", "list", "watch"})
IGNORED = frozenset({GroupResource("", "events"), GroupResource("events.k8s.io", "events")})
"""They are many, own nothing, and end by themselves."""
Suspect = Callable[[str], None]
News = TypeVar("News")


class _Sink:
    """Of the objects of one type. See :class:`wherry.kube.client.reflector.Sink`."""

    def __init__(self, type: ResourceType, graph: Graph, suspect: Suspect) -> None:
        self._type = type
        self._graph = graph
        self._suspect = suspect

    def kept(self, obj: Object) -> Object:
        return obj

    def replace(self, objects: list[Object]) -> None:
        self._tell(self._graph.replace, objects)

    def put(self, obj: Object) -> None:
        self._tell(self._graph.observe, obj)

    def remove(self, obj: Object) -> None:
        self._tell(self._graph.forget, obj)

    def _tell(self, tell: Callable[[ResourceType, News], set[str]], news: News) -> None:
        try:
            found = tell(self._type, news)
        except Exception:  # what is wrong with one object is not the others' fault
            logger.exception("the garbage collector cannot take in %s", self._type.resource.group_resource)
        else:
            for uid in found:
                self._suspect(uid)


class _Monitor(msgspec.Struct, frozen=True):
    type: ResourceType
    reflector: Reflector
    task: Task[None]


class Monitors:
    """Keeps a graph; calls ``suspect`` with uids to look at. ``group`` is where it runs what it starts, and ends it."""

    def __init__(self, client: Client, clock: Clock, group: TaskGroup, graph: Graph, suspect: Suspect) -> None:
        self._client = client
        self._clock = clock
        self._group = group
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
        selection = Selection(type.resource, view=View.TIES)
        reflector = Reflector(self._client, selection, self._clock, self._sink(type))
        task = self._group.create_task(reflector.run(), name=f"ties of {type.resource.group_resource}")
        return _Monitor(type, reflector, task)

    def _stop(self, monitor: _Monitor) -> None:
        monitor.task.cancel()
        self._sink(monitor.type).replace([])  # nothing is known of them any more, not even that they are gone

    def _sink(self, type: ResourceType) -> _Sink:
        return _Sink(type, self._graph, self._suspect)

    def hears_of(self, type: ResourceType) -> bool:
        """Whether the graph is told when an object of this type is deleted."""
        return type.resource in self._monitors

    @property
    def is_synced(self) -> bool:
        """All have listed: the graph has everything that has ties."""
        return all(each.reflector.synced.is_set() for each in self._monitors.values())
