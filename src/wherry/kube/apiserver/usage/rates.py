"""From what a node says it has used to what it uses: two looks make a rate. Pure.

(metrics-server pkg/storage: a container that has just begun needs one look only, its start is the other)
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from wherry.kube.machinery import times
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import Format, Quantity

YOUNG_SECONDS = 60.0
"""Of a container: the mean since its start is what it uses now."""
_LEAST_SECONDS = 1.0
_UNITS = 10**9


class Cpu(msgspec.Struct):
    time: str = ""
    usageCoreNanoSeconds: int = 0


class Memory(msgspec.Struct):
    workingSetBytes: int = 0


class Container(msgspec.Struct):
    name: str
    startTime: str = ""
    cpu: Cpu | None = None
    memory: Memory | None = None


class PodRef(msgspec.Struct):
    name: str
    namespace: str
    uid: str = ""


class Pod(msgspec.Struct):
    podRef: PodRef
    containers: list[Container] = []


class Node(msgspec.Struct):
    cpu: Cpu | None = None
    memory: Memory | None = None


class Summary(msgspec.Struct):
    """Of k8s.io/kubelet pkg/apis/stats/v1alpha1 what is needed here."""

    node: Node
    pods: list[Pod] = []


class Point(msgspec.Struct, frozen=True):
    """``seconds`` since 1970; ``cpu_ns`` used by then."""

    seconds: float
    cpu_ns: int


class Used(msgspec.Struct, frozen=True):
    """``window_seconds`` before ``seconds``, in the mean."""

    seconds: float
    window_seconds: float
    nanocores: int
    memory_bytes: int


class PodUsed(msgspec.Struct, frozen=True):
    name: str
    namespace: str
    uid: str
    containers: Mapping[str, Used]


Points = Mapping[tuple[str, ...], Point]


class Look(msgspec.Struct, frozen=True):
    """What one answer of a node was good for. ``points`` are for the next."""

    points: Points
    node: Used | None = None
    pods: tuple[PodUsed, ...] = ()


def looked(before: Points, summary: Summary) -> Look:
    """Pods of which some container has no rate yet are left out: half a sum would mislead who scales by it."""
    points: dict[tuple[str, ...], Point] = {}
    node = None
    if summary.node.cpu is not None and summary.node.memory is not None:
        key: tuple[str, ...] = ("",)
        points[key] = _point(summary.node.cpu)
        node = _used(before.get(key), points[key], summary.node.memory)
    pods = []
    for pod in summary.pods:
        found: dict[str, Used | None] = {}
        for each in pod.containers:
            if each.cpu is None or each.memory is None:
                continue
            key = (pod.podRef.uid, each.name, each.startTime)
            points[key] = _point(each.cpu)
            found[each.name] = _used(before.get(key) or _start(each, points[key]), points[key], each.memory)
        complete = {name: used for name, used in found.items() if used is not None}
        if complete and len(complete) == len(found):
            pods.append(PodUsed(pod.podRef.name, pod.podRef.namespace, pod.podRef.uid, complete))
    return Look(points, node, tuple(pods))


def _point(cpu: Cpu) -> Point:
    return Point(times.parse(cpu.time).timestamp(), cpu.usageCoreNanoSeconds)


def _start(container: Container, now: Point) -> Point | None:
    """The point where it had used nothing; None: too long ago."""
    if not container.startTime:
        return None
    started = times.parse(container.startTime).timestamp()
    return Point(started, 0) if now.seconds - started < YOUNG_SECONDS else None


def _used(before: Point | None, now: Point, memory: Memory) -> Used | None:
    if before is None or now.cpu_ns < before.cpu_ns:
        return None
    seconds = now.seconds - before.seconds
    if seconds < _LEAST_SECONDS:
        return None
    return Used(now.seconds, seconds, round((now.cpu_ns - before.cpu_ns) / seconds), memory.workingSetBytes)


def node_metrics(node: Object, used: Used) -> Object:
    """The object of a Node object."""
    return {**_head("NodeMetrics", node, (used,)), "usage": _usage(used)}


def pod_metrics(pod: Object, found: PodUsed) -> Object:
    """The object of a Pod object."""
    containers = [{"name": name, "usage": _usage(used)} for name, used in found.containers.items()]
    return {**_head("PodMetrics", pod, found.containers.values()), "containers": containers}


def _head(kind: str, obj: Object, used: Iterable[Used]) -> Object:
    """Labels are the object's, so that selectors choose the same."""
    newest = max(used, key=lambda each: each.seconds)
    when = times.rfc3339(datetime.fromtimestamp(newest.seconds, UTC))
    meta = {"name": obj["metadata"]["name"], "creationTimestamp": when}
    for name in ("namespace", "labels"):
        if obj["metadata"].get(name):
            meta[name] = obj["metadata"][name]
    return {
        "kind": kind,
        "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": meta,
        "timestamp": when,
        "window": duration(newest.window_seconds),
    }


def _usage(used: Used) -> Object:
    memory = Quantity(used.memory_bytes // 1024 * 1024 * _UNITS, Format.BINARY)
    return {"cpu": str(Quantity(used.nanocores, Format.DECIMAL)), "memory": str(memory)}


def duration(seconds: float) -> str:
    """As Go writes one: ``15.012s``, ``1m5s``."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    text = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    return f"{minutes}m{text}" if minutes else text
