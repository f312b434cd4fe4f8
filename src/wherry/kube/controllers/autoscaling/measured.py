"""What pods use, request, and whether that counts yet (replica_calculator.go: groupPods, calculateRequests)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from wherry.kube.controllers.autoscaling.plan import Fleet, NoMetrics
from wherry.kube.controllers.podcontrol.pods import is_deleting, phase_of
from wherry.kube.machinery import quantity, times
from wherry.kube.machinery.model import Object

CPU_BEGINS_SECONDS = 300.0
"""kube-controller-manager --horizontal-pod-autoscaler-cpu-initialization-period."""
READINESS_SECONDS = 30.0
"""--horizontal-pod-autoscaler-initial-readiness-delay."""


class Sample(msgspec.Struct, frozen=True):
    """Of one pod, in thousandths of the unit; taken over ``window_seconds`` up to ``when``."""

    value: int
    when: datetime
    window_seconds: float


def samples(metrics: Iterable[Object], resource: str, container: str = "") -> dict[str, Sample]:
    """By pod, from PodMetrics; of one container or of all. A pod of which one container says nothing is left out."""
    found = {}
    for each in metrics:
        chosen = [one for one in each.get("containers") or () if container in ("", one["name"])]
        values = [one["usage"][resource] for one in chosen if resource in (one.get("usage") or {})]
        if chosen and len(values) == len(chosen):
            total = sum(quantity.parse(value).milli for value in values)
            found[each["metadata"]["name"]] = Sample(total, times.parse(each["timestamp"]), _seconds(each["window"]))
    return found


def requests(pods: Iterable[Object], resource: str, container: str = "") -> dict[str, int]:
    """By pod, in thousandths. Raises NoMetrics where one says nothing."""
    found = {}
    for pod in pods:
        total = 0
        for each in _long_running(pod["spec"]):
            if container not in ("", each["name"]):
                continue
            asked = ((each.get("resources") or {}).get("requests") or {}).get(resource)
            if asked is None:
                name = pod["metadata"]["name"]
                raise NoMetrics(f"missing request for {resource} in container {each['name']} of Pod {name}")
            total += quantity.parse(asked).milli
        found[pod["metadata"]["name"]] = total
    return found


def fleet(pods: Sequence[Object], found: Mapping[str, Sample], resource: str, now: datetime) -> Fleet:
    """Pods that are ending or have failed are not counted at all."""
    groups: dict[str, set[str]] = {"ready": set(), "unready": set(), "missing": set()}
    for pod in pods:
        if is_deleting(pod) or phase_of(pod) == "Failed":
            continue
        name = pod["metadata"]["name"]
        if phase_of(pod) == "Pending":
            groups["unready"].add(name)
        elif name not in found:
            groups["missing"].add(name)
        elif resource == "cpu" and _is_settling(pod, found[name], now):
            groups["unready"].add(name)
        else:
            groups["ready"].add(name)
    return Fleet(**{kind: frozenset(names) for kind, names in groups.items()})


def _is_settling(pod: Object, sample: Sample, now: datetime) -> bool:
    """Processors are busy while a pod starts."""
    status = pod.get("status") or {}
    condition = next((each for each in status.get("conditions") or () if each["type"] == "Ready"), None)
    started = status.get("startTime")
    if condition is None or not started or not condition.get("lastTransitionTime"):
        return True
    began, turned = times.parse(started), times.parse(condition["lastTransitionTime"])
    is_ready = condition.get("status") == "True"
    if now < began + timedelta(seconds=CPU_BEGINS_SECONDS):
        return not is_ready or sample.when < turned + timedelta(seconds=sample.window_seconds)
    return not is_ready and began + timedelta(seconds=READINESS_SECONDS) > turned


def _long_running(spec: Object) -> list[Object]:
    sidecars = (each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always")
    return [*spec.get("containers", ()), *sidecars]


def _seconds(duration: str) -> float:
    """Of Go's way to write one, as the metrics API has it: ``15s``, ``1m0s``, ``10.5s``."""
    total, number = 0.0, ""
    for character in duration:
        if character.isdigit() or character == ".":
            number += character
        else:
            total += float(number or 0) * {"h": 3600.0, "m": 60.0, "s": 1.0}.get(character, 0.0)
            number = ""
    return total
