"""Between the two groups' events, which name the same things differently (pkg/apis/events/v1/conversion.go)."""

from wherry.kube.machinery.model import Object

_NAMES = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
_BACK = {core: other for other, core in _NAMES.items()}


def _renamed(event: Object, names: dict[str, str], version: str) -> Object:
    found = {names.get(name, name): value for name, value in event.items()}
    found["apiVersion"] = version
    return found


def to_core(event: Object) -> Object:
    """Of events.k8s.io/v1, as v1 has it."""
    found = _renamed(event, _NAMES, "v1")
    found.setdefault("involvedObject", {})
    return found


def from_core(event: Object) -> Object:
    """Of v1, as events.k8s.io/v1 has it."""
    return _renamed(event, _BACK, "events.k8s.io/v1")


def as_core(event: Object) -> Object:
    """Of either, as v1 has it."""
    return to_core(event) if str(event.get("apiVersion", "")).startswith("events.k8s.io/") else event
