"""``/stats/summary``: usage of node and pods as one document (k8s.io/kubelet pkg/apis/stats/v1alpha1)."""

from collections.abc import Iterable
from dataclasses import dataclass

from wherry.kube.machinery.model import Object
from wherry.node.api.logs import stamp
from wherry.node.api.usage import NodeUsage, PodUsage
from wherry.node.pods.runtime import Usage

_APART_NS = 10**9
"""Rates of less than a second say nothing."""
_OLD_NS = 120 * 10**9


@dataclass(frozen=True, slots=True)
class _Point:
    time_ns: int
    cpu_ns: int


class Rates:
    """CPU used in a second, from one look to the next."""

    def __init__(self) -> None:
        self._points: dict[object, _Point] = {}
        self._rates: dict[object, int] = {}

    def of(self, key: object, time_ns: int, cpu_ns: int) -> int | None:
        """Billionths of a core; None: this is the first look. A look just behind another gives the same."""
        last = self._points.get(key)
        if last is not None and time_ns - last.time_ns < _APART_NS:
            return self._rates.get(key)
        self._points[key] = _Point(time_ns, cpu_ns)
        self._rates.pop(key, None)
        if last is not None and cpu_ns >= last.cpu_ns and time_ns - last.time_ns < _OLD_NS:
            self._rates[key] = (cpu_ns - last.cpu_ns) * 10**9 // (time_ns - last.time_ns)
        return self._rates.get(key)

    def keep(self, keys: Iterable[object]) -> None:
        """Forget all others."""
        kept = set(keys)
        for key in [key for key in self._points if key not in kept]:
            del self._points[key]
            self._rates.pop(key, None)


def summary(node: str, machine: NodeUsage, pods: Iterable[PodUsage], rates: Rates) -> Object:
    """The document."""
    shown, keys = [], list[object](["node"])
    for each in pods:
        meta = each.pod["metadata"]
        containers = []
        for one in each.containers:
            key = meta["uid"], one.name, one.started_ns
            keys.append(key)
            rate = rates.of(key, one.usage.time_ns, one.usage.cpu_ns)
            containers.append({"name": one.name, "startTime": stamp(one.started_ns), **_used(one.usage, rate)})
        pod: Object = {
            "podRef": {name: meta[name] for name in ("name", "namespace", "uid")},
            "startTime": (each.pod.get("status") or {}).get("startTime"),
            "containers": containers,
        }
        shown.append({**pod, **_sum(containers)})
    rate = rates.of("node", machine.time_ns, machine.cpu_ns)
    rates.keep(keys)
    return {"node": _node(node, machine, rate), "pods": shown}


def _node(name: str, machine: NodeUsage, rate: int | None) -> Object:
    when = stamp(machine.time_ns)
    used = Usage(machine.cpu_ns, machine.memory_bytes, machine.time_ns)
    found = {"nodeName": name, "startTime": stamp(machine.started_ns), **_used(used, rate)}
    found["memory"]["availableBytes"] = machine.memory_available_bytes
    found["fs"] = {
        "time": when,
        "availableBytes": machine.storage_available_bytes,
        "capacityBytes": machine.storage_bytes,
        "usedBytes": machine.storage_bytes - machine.storage_available_bytes,
    }
    found["rlimit"] = {"time": when, "maxpid": machine.pids_limit, "curproc": machine.pids}
    return found


def _used(usage: Usage, rate: int | None) -> Object:
    when = stamp(usage.time_ns)
    cpu: Object = {"time": when, "usageCoreNanoSeconds": usage.cpu_ns}
    if rate is not None:
        cpu["usageNanoCores"] = rate
    return {"cpu": cpu, "memory": {"time": when, "workingSetBytes": usage.memory_bytes}}


def _sum(containers: list[Object]) -> Object:
    """Of a pod: that of its containers together."""
    when = max(each["cpu"]["time"] for each in containers)
    cpu: Object = {
        "time": when,
        "usageCoreNanoSeconds": sum(each["cpu"]["usageCoreNanoSeconds"] for each in containers),
    }
    if all("usageNanoCores" in each["cpu"] for each in containers):
        cpu["usageNanoCores"] = sum(each["cpu"]["usageNanoCores"] for each in containers)
    memory = sum(each["memory"]["workingSetBytes"] for each in containers)
    return {"cpu": cpu, "memory": {"time": when, "workingSetBytes": memory}}
