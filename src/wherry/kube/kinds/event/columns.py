"""How ``kubectl get events`` shows an event (pkg/printers/internalversion/printers.go: printEvent)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wherry.kube.kinds.event.conversion import as_core
from wherry.kube.kinds.rows import name
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import since


def cells(event: Object, now: datetime) -> Sequence[Any]:
    """One row, of an event of either group."""
    core = as_core(event)
    about, source = core.get("involvedObject") or {}, core.get("source") or {}
    first = since(core.get("firstTimestamp") or core.get("eventTime"), now)
    last = since(core["lastTimestamp"], now) if core.get("lastTimestamp") else first
    count = core.get("count") or 1
    series = core.get("series")
    if series is not None:
        last, count = since(series.get("lastObservedTime"), now), series.get("count", 0)
    kind = about.get("kind", "").lower()
    component = source.get("component") or core.get("reportingComponent") or ""
    instance = source.get("host") or core.get("reportingInstance") or ""
    return [
        last,
        core.get("type", ""),
        core.get("reason", ""),
        f"{kind}/{about['name']}" if about.get("name") else kind,
        about.get("fieldPath", ""),
        f"{component}, {instance}" if instance else component,
        (core.get("message") or "").strip(),
        first,
        count,
        name(core),
    ]
