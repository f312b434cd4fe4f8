"""Rules of what an autoscaler measures."""

from wherry.kube.kinds.checking import read_quantity
from wherry.kube.kinds.resourcenames import validate_container_resource_name
from wherry.kube.kinds.rules import Found, each, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object

SOURCES = {
    "Object": "object",
    "External": "external",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}
"""The field of each type, in the order in which they are looked at."""


def validate_reference(reference: Object, path: Path) -> Found:
    """Of a CrossVersionObjectReference."""
    found = wanted(path.child("kind"), reference.get("kind", ""), names.path_segment)
    return found + wanted(path.child("name"), reference.get("name", ""), names.path_segment)


def validate_metrics(spec: Object, path: Path) -> Found:
    metrics = spec.get("metrics") or []
    found = each(path, metrics, _validate_metric)
    outside = any(metric.get("type") in ("Object", "External") for metric in metrics)
    if spec.get("minReplicas") == 0 and not outside:
        why = "must specify at least one Object or External metric to support scaling to zero replicas"
        found.append(forbidden(path, why))
    return found


def _validate_metric(metric: Object, path: Path) -> Found:
    kind = metric.get("type", "")
    found: Found = []
    if not kind:
        found.append(required(path.child("type"), "must specify a metric source type"))
    if kind not in SOURCES:
        found.append(not_supported(path.child("type"), kind, SOURCES))
    present = [source for source in SOURCES.values() if metric.get(source) is not None]
    if present:
        found += _validate_source(present[0], metric[present[0]], path.child(present[0]))
    expected = SOURCES.get(kind, "")
    if expected and expected not in present:
        found.append(required(path.child(expected), "must populate information for the given metric source"))
    if len(present) != 1:
        others = [source for source in present if source != expected]
        found += [forbidden(path.child(source), "must populate the given metric source only") for source in others]
    return found


def _validate_source(kind: str, source: Object, path: Path) -> Found:
    target, where = source.get("target", {}), path.child("target")
    found: Found = []
    if kind == "object":
        found += validate_reference(source.get("describedObject", {}), path.child("describedObject"))
    if kind in ("object", "external", "pods"):
        name = source.get("metric", {}).get("name", "")
        found += wanted(path.child("metric", "name"), name, names.path_segment, "must specify a metric name")
    else:
        found += _validate_resource(kind, source, path)
    return found + _validate_target(target, where) + _validate_combination(kind, target, where)


def _validate_resource(kind: str, source: Object, path: Path) -> Found:
    name, where = source.get("name", ""), path.child("name")
    found: Found = []
    if not name:
        found.append(required(where, "must specify a resource name"))
    elif kind == "containerResource":
        found += validate_container_resource_name(name, where)
    if kind == "containerResource":
        container = source.get("container", "")
        found += wanted(path.child("container"), container, names.dns1123_label, "must specify a container")
    return found


def _validate_target(target: Object, path: Path) -> Found:
    kind = target.get("type", "")
    found: Found = []
    if not kind:
        found.append(required(path.child("type"), "must specify a metric target type"))
    if kind not in ("Utilization", "Value", "AverageValue"):
        found.append(invalid(path.child("type"), kind, "must be either Utilization, Value, or AverageValue"))
    for name in ("value", "averageValue"):
        if target.get(name) is not None:
            amount, wrong = read_quantity(path.child(name), target[name])
            found += wrong
            if not wrong and amount.nano <= 0:
                found.append(invalid(path.child(name), target[name], "must be positive"))
    use = target.get("averageUtilization")
    if use is not None and use < 1:
        found.append(invalid(path.child("averageUtilization"), use, "must be greater than 0"))
    return found


def _validate_combination(kind: str, target: Object, path: Path) -> Found:
    """Which of the target's values there are."""
    value, average, use = (target.get(name) for name in ("value", "averageValue", "averageUtilization"))
    at = path.child("averageValue")
    if kind == "object" and value is None and average is None:
        return [required(at, "must set either a target value or averageValue")]
    if kind == "external" and value is None and average is None:
        return [required(at, "must set either a target value for metric or a per-pod target")]
    if kind == "external" and value is not None and average is not None:
        why = "may not set both a target value for metric and a per-pod target"
        return [forbidden(path.child("value"), why)]
    if kind == "pods" and average is None:
        return [required(at, "must specify a positive target averageValue")]
    if kind in ("object", "external", "pods"):
        return []
    if use is None and average is None:
        why = "must set either a target raw value or a target utilization"
        return [required(path.child("averageUtilization"), why)]
    both = use is not None and average is not None
    return [forbidden(at, "may not set both a target raw value and a target utilization")] if both else []
