"""The row of ``kubectl get jobs``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wherry.kube.kinds.rows import age, containers, name, selector
from wherry.kube.kinds.rules import true_condition
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import human_duration, parse, since


def cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec = obj.get("spec", {})
    wide = (*containers(spec.get("template", {})), selector(spec.get("selector")))
    return (name(obj), _status(obj), _completions(obj), _duration(obj, now), age(obj, now), *wide)


def _status(obj: Object) -> str:
    if true_condition(obj, "Complete"):
        return "Complete"
    if true_condition(obj, "Failed"):
        return "Failed"
    if obj.get("metadata", {}).get("deletionTimestamp"):
        return "Terminating"
    return next((kind for kind in ("Suspended", "FailureTarget") if true_condition(obj, kind)), "Running")


def _completions(obj: Object) -> str:
    spec, done = obj.get("spec", {}), obj.get("status", {}).get("succeeded", 0)
    if spec.get("completions") is not None:
        return f"{done}/{spec['completions']}"
    parallel = spec.get("parallelism", 0)
    return f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"


def _duration(obj: Object, now: datetime) -> str:
    status = obj.get("status", {})
    start, end = status.get("startTime"), status.get("completionTime")
    if not start:
        return ""
    if not end:
        return since(start, now)
    try:
        return human_duration((parse(end) - parse(start)).total_seconds())
    except ValueError:
        return ""
