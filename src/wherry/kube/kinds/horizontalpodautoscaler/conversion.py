"""Between autoscaling/v2, which is stored, and v1, which knows the use of CPU only.

What v1 has no field for stands in annotations, in JSON and in v1's own names (pkg/apis/autoscaling/v1/conversion.go).
An annotation that cannot be read is dropped, as upstream drops it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from wherry.kube.kinds.rules import without
from wherry.kube.machinery.model import GroupVersionKind, Object

_PREFIX = "autoscaling.alpha.kubernetes.io/"
METRICS, CURRENT_METRICS = _PREFIX + "metrics", _PREFIX + "current-metrics"
CONDITIONS, BEHAVIOR = _PREFIX + "conditions", _PREFIX + "behavior"
_ALL = (METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR)
_SOURCES = ("object", "pods", "resource", "containerResource", "external")
_V2 = GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler")
_CPU = "targetCPUUtilizationPercentage"
_CURRENT_CPU = "currentCPUUtilizationPercentage"


def to_v1(obj: Object) -> Object:
    """Of an object in v2."""
    spec, status = obj.get("spec", {}), obj.get("status", {})
    metrics, current = spec.get("metrics") or [], status.get("currentMetrics") or []
    noted = {
        METRICS: [_to_old(each, "target") for each in metrics if not _is_cpu_use(each, "target")],
        CURRENT_METRICS: [_to_old(each, "current") for each in current],
        CONDITIONS: status.get("conditions") or [],
        BEHAVIOR: _capitalised(spec.get("behavior") or {}),
    }
    meta = dict(obj.get("metadata", {}))
    if any(noted.values()):
        texts = {name: msgspec.json.encode(value).decode() for name, value in noted.items() if value}
        meta["annotations"] = {**(meta.get("annotations") or {}), **texts}
    new_spec, new_status = without(spec, "metrics", "behavior"), without(status, "currentMetrics", "conditions")
    first = next((each for each in metrics if _is_cpu(each)), None)
    if first is not None and _is_cpu_use(first, "target"):
        new_spec[_CPU] = first["resource"]["target"]["averageUtilization"]
    for each in current:
        if _is_cpu_use(each, "current"):
            new_status[_CURRENT_CPU] = each["resource"]["current"]["averageUtilization"]
    return _rebuilt(obj, meta, new_spec, new_status)


def from_v1(obj: Object) -> Object:
    """Of an object in v1."""
    meta, spec, status = dict(obj.get("metadata", {})), dict(obj.get("spec", {})), dict(obj.get("status", {}))
    annotations = meta.get("annotations") or {}
    if any(name in annotations for name in _ALL):
        del meta["annotations"]
        if others := without(annotations, *_ALL):
            meta["annotations"] = others
    noted = {name: _noted(annotations, name) for name in _ALL}
    metrics, current = list(noted[METRICS] or ()), list(noted[CURRENT_METRICS] or ())
    use, used = spec.pop(_CPU, None), status.pop(_CURRENT_CPU, None)
    if use is not None or not metrics:
        metrics.append(_cpu_metric("target", 80 if use is None else use, type="Utilization"))
    spec["metrics"] = metrics
    if noted[BEHAVIOR]:
        spec["behavior"] = noted[BEHAVIOR]
    if used is not None and not current:
        current = [_cpu_metric("current", used)]
    if current:
        status["currentMetrics"] = current
    if noted[CONDITIONS]:
        status["conditions"] = noted[CONDITIONS]
    return _rebuilt(obj, meta, spec, status)


def _rebuilt(obj: Object, meta: Object, spec: Object, status: Object) -> Object:
    found = {**obj, "metadata": meta, "spec": spec}
    if status or "status" in obj:
        found["status"] = status
    return found


def _cpu_metric(side: str, percent: int, **more: str) -> Object:
    return {"type": "Resource", "resource": {"name": "cpu", side: {**more, "averageUtilization": percent}}}


def _is_cpu(metric: Object) -> bool:
    return metric.get("type") == "Resource" and (metric.get("resource") or {}).get("name") == "cpu"


def _is_cpu_use(metric: Object, side: str) -> bool:
    return _is_cpu(metric) and metric["resource"].get(side, {}).get("averageUtilization") is not None


_PLACES: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    METRICS: ("spec", "metrics", lambda found: [_from_old(each, "target") for each in _objects(found)]),
    CURRENT_METRICS: (
        "status",
        "currentMetrics",
        lambda found: [_from_old(each, "current") for each in _objects(found)],
    ),
    CONDITIONS: ("status", "conditions", lambda found: _objects(found)),
    BEHAVIOR: ("spec", "behavior", lambda found: _uncapitalised(found)),
}
"""Where in v2 what an annotation says stands, and how it is made of its JSON."""


def _noted(annotations: Object, name: str) -> Any:  # Any: JSON
    """What an annotation says, in v2; None when it says nothing, or what v2 cannot hold."""
    from wherry.kube.machinery.schema.builtin import schema_of
    from wherry.kube.machinery.schema.conform import Mistyped, conform

    text, (part, field, read) = annotations.get(name), _PLACES[name]
    if not text:
        return None
    try:
        found = read(msgspec.json.decode(text))
        conform({part: {field: found}}, schema_of(_V2))
    except (msgspec.DecodeError, Mistyped, RecursionError):
        return None
    return found


def _objects(found: Any) -> list[Object]:  # Any: JSON
    """The objects of a list; nothing when it is none."""
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _to_old(metric: Object, side: str) -> Object:
    """A v2 MetricSpec (``side`` is ``target``) or MetricStatus (``current``) with v1's fields."""
    found: Object = {"type": metric.get("type", "")}
    for source in _SOURCES:
        if metric.get(source) is not None:
            found[source] = _OLD[source](metric[source], metric[source].get(side, {}), side)
    return found


def _from_old(metric: Object, side: str) -> Object:
    found: Object = {"type": metric.get("type", "")}
    for source in _SOURCES:
        if isinstance(metric.get(source), dict):
            found[source] = _NEW[source](metric[source], side)
    return found


def _present(**fields: Any) -> Object:  # Any: JSON
    return {name: value for name, value in fields.items() if value is not None}


def _old_object(source: Object, value: Object, side: str) -> Object:
    metric = source.get("metric", {})
    return _present(
        target=source.get("describedObject", {}),
        metricName=metric.get("name", ""),
        **{f"{side}Value": value.get("value", "0")},
        selector=metric.get("selector"),
        averageValue=value.get("averageValue"),
    )


def _old_pods(source: Object, value: Object, side: str) -> Object:
    metric = source.get("metric", {})
    return _present(
        metricName=metric.get("name", ""),
        **{f"{side}AverageValue": value.get("averageValue", "0")},
        selector=metric.get("selector"),
    )


def _old_resource(source: Object, value: Object, side: str) -> Object:
    average = value.get("averageValue", None if side == "target" else "0")
    return _present(
        name=source.get("name", ""),
        **{f"{side}AverageUtilization": value.get("averageUtilization"), f"{side}AverageValue": average},
        container=source.get("container"),
    )


def _old_external(source: Object, value: Object, side: str) -> Object:
    metric = source.get("metric", {})
    return _present(
        metricName=metric.get("name", ""),
        metricSelector=metric.get("selector"),
        **{
            f"{side}Value": value.get("value", None if side == "target" else "0"),
            f"{side}AverageValue": value.get("averageValue"),
        },
    )


_OLD: dict[str, Callable[[Object, Object, str], Object]] = {
    "object": _old_object,
    "pods": _old_pods,
    "resource": _old_resource,
    "containerResource": _old_resource,
    "external": _old_external,
}


def _with_type(side: str, kind: str, **values: Any) -> Object:  # Any: JSON
    """A MetricTarget, or a MetricValueStatus, which has no type. A zero stands for what v1 could not leave out."""
    if values.get("averageValue") is not None or values.get("averageUtilization") is not None:
        values = {name: value for name, value in values.items() if name != "value" or value != "0"}
    if values.get("averageUtilization") is not None and values.get("averageValue") == "0":
        del values["averageValue"]
    return {side: {**({"type": kind} if side == "target" else {}), **_present(**values)}}


def _new_object(source: Object, side: str) -> Object:
    average = source.get("averageValue")
    values = _with_type(
        side, "Value" if average is None else "AverageValue", value=source.get(f"{side}Value"), averageValue=average
    )
    described, metric = source.get("target", {}), _identifier(source, "selector")
    return {"describedObject": described, **values, "metric": metric}


def _new_pods(source: Object, side: str) -> Object:
    values = _with_type(side, "AverageValue", averageValue=source.get(f"{side}AverageValue"))
    return {"metric": _identifier(source, "selector"), **values}


def _new_resource(source: Object, side: str) -> Object:
    use = source.get(f"{side}AverageUtilization")
    values = _with_type(
        side,
        "AverageValue" if use is None else "Utilization",
        averageUtilization=use,
        averageValue=source.get(f"{side}AverageValue"),
    )
    return {**_present(name=source.get("name", ""), container=source.get("container")), **values}


def _new_external(source: Object, side: str) -> Object:
    value = source.get(f"{side}Value")
    values = _with_type(
        side,
        "AverageValue" if value is None else "Value",
        value=value,
        averageValue=source.get(f"{side}AverageValue"),
    )
    return {"metric": _identifier(source, "metricSelector"), **values}


_NEW: dict[str, Callable[[Object, str], Object]] = {
    "object": _new_object,
    "pods": _new_pods,
    "resource": _new_resource,
    "containerResource": _new_resource,
    "external": _new_external,
}


def _identifier(source: Object, selector: str) -> Object:
    return _present(name=source.get("metricName", ""), selector=source.get(selector))


def _capitalised(value: Any) -> Any:  # Any: JSON
    """With the names that Go gives to fields without tags: the behavior's annotation is of the internal type."""
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: _capitalised(each) for name, each in value.items()}
    return [_capitalised(each) for each in value] if isinstance(value, list) else value


def _uncapitalised(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict):
        names = {name: name[:1].lower() + name[1:] for name in value}
        return {names[name]: _uncapitalised(each) for name, each in value.items() if each is not None}
    return [_uncapitalised(each) for each in value] if isinstance(value, list) else value
