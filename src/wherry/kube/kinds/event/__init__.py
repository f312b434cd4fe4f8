"""``Event``: something that happened to an object. Two groups show the same events: core, and events.k8s.io."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.checking import texts
from wherry.kube.kinds.declared import version
from wherry.kube.kinds.model import NAME, Column, Conversion, Kind, Strategy, metadata_fields
from wherry.kube.machinery.model import GroupResource, Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.event.strategy import EventStrategy

    return EventStrategy(strict=False)


@cache
def _strict_strategy() -> Strategy:
    from wherry.kube.kinds.event.strategy import EventStrategy

    return EventStrategy(strict=True)


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.event.columns import cells

    return cells(obj, now)


def _to_core(obj: Object) -> Object:
    from wherry.kube.kinds.event.conversion import to_core

    return to_core(obj)


def _from_core(obj: Object) -> Object:
    from wherry.kube.kinds.event.conversion import from_core

    return from_core(obj)


_OBJECT = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")


def _fields(obj: Object) -> Mapping[str, str]:
    """Of a stored event, under the names of both groups."""
    about, source = obj.get("involvedObject") or {}, obj.get("source") or {}
    reporter = obj.get("reportingComponent") or ""
    found = {
        "reason": obj.get("reason"),
        "type": obj.get("type"),
        "source": source.get("component") or reporter,
        "reportingComponent": reporter,
        "reportingController": reporter,
    }
    for each in _OBJECT:
        found[f"involvedObject.{each}"] = found[f"regarding.{each}"] = about.get(each)
    return {**metadata_fields(obj), **texts(found)}


_COLUMNS = (
    Column("Last Seen", description="When it happened last."),
    Column("Type", description="Normal or Warning."),
    Column("Reason", description="Why it is told, in a word."),
    Column("Object", description="What it is about."),
    Column("Subobject", priority=1, description="Which part of the object it is about."),
    Column("Source", priority=1, description="Who tells it."),
    Column("Message", description="What happened."),
    Column("First Seen", priority=1, description="When it happened first."),
    Column("Count", priority=1, description="How often it happened."),
    Column(NAME.name, format=NAME.format, priority=1, description=NAME.description),
)

KIND = Kind(
    "",
    "Event",
    "events",
    (version("", "Event", "v1"),),
    "v1",
    _strategy,
    has_status=False,
    allow_create_on_update=True,
    singular="event",
    short_names=("ev",),
    columns=_COLUMNS,
    cells=_cells,
    selectable=(
        *(f"involvedObject.{each}" for each in _OBJECT),
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    fields=_fields,
)

OTHER_KIND = Kind(
    "events.k8s.io",
    "Event",
    "events",
    (version("events.k8s.io", "Event", "v1", Conversion(_to_core, _from_core)),),
    "v1",
    _strict_strategy,
    has_status=False,
    allow_create_on_update=True,
    singular="event",
    short_names=("ev",),
    columns=_COLUMNS,
    cells=_cells,
    selectable=(
        *(f"regarding.{each}" for each in _OBJECT),
        *(f"involvedObject.{each}" for each in _OBJECT),
        "reason",
        "reportingController",
        "reportingComponent",
        "source",
        "type",
    ),
    fields=_fields,
    stored_as=GroupResource("", "events"),
)
