"""The row of ``kubectl get horizontalpodautoscalers``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wherry.kube.kinds.rows import NONE, UNKNOWN, UNSET, age, name
from wherry.kube.machinery.model import Object

_SHOWN = 2


def cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    target = spec.get("scaleTargetRef", {})
    return (
        name(obj),
        f"{target.get('kind', '')}/{target.get('name', '')}",
        _metrics(spec.get("metrics") or [], status.get("currentMetrics") or []),
        str(spec.get("minReplicas", UNSET)),
        spec.get("maxReplicas", 0),
        status.get("currentReplicas", 0),
        age(obj, now),
    )


def _metrics(wanted: Sequence[Object], measured: Sequence[Object]) -> str:
    if not wanted:
        return NONE
    shown = [
        _metric(metric, measured[position] if position < len(measured) else {})
        for position, metric in enumerate(wanted[:_SHOWN])
    ]
    text = ", ".join(shown)
    return f"{text} + {len(wanted) - _SHOWN} more..." if len(wanted) > _SHOWN else text


def _metric(metric: Object, status: Object) -> str:
    kind = metric.get("type", "")
    if kind in ("Resource", "ContainerResource"):
        return _resource(*_sides(metric, status, kind[0].lower() + kind[1:]))
    if kind == "Pods":
        source, now = _sides(metric, status, "pods")
        return f"{now.get('averageValue', UNKNOWN)}/{source.get('target', {}).get('averageValue', UNSET)}"
    if kind in ("Object", "External"):
        source, now = _sides(metric, status, kind.lower())
        target = source.get("target", {})
        if target.get("averageValue") is not None:
            return f"{now.get('averageValue', UNKNOWN)}/{target['averageValue']} (avg)"
        return f"{now.get('value', UNKNOWN)}/{target.get('value', UNSET)}"
    return "<unknown type>"


def _sides(metric: Object, status: Object, source: str) -> tuple[Object, Object]:
    """What is wanted, and what is."""
    return metric.get(source, {}), status.get(source, {}).get("current", {})


def _resource(source: Object, now: Object) -> str:
    target = source.get("target", {})
    if target.get("averageValue") is not None:
        return f"{source.get('name', '')}: {now.get('averageValue', UNKNOWN)}/{target['averageValue']}"
    used, wanted = now.get("averageUtilization"), target.get("averageUtilization")
    left = UNKNOWN if used is None else f"{used}%"
    return f"{source.get('name', '')}: {left}/{'<auto>' if wanted is None else f'{wanted}%'}"
