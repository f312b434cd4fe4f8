"""``NodeMetrics`` and ``PodMetrics`` (k8s.io/metrics pkg/apis/metrics/v1beta1)."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.model import NAME, Column, Kind, Version
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import ZERO, parse
from wherry.kube.machinery.schema.model import Schema

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
_COLUMNS = (
    NAME,
    Column("cpu", description="Processors' time that is used in a second, in cores."),
    Column("memory", description="Memory that is used, and could not be given back at once."),
    Column("Window", description="How long it was measured for."),
)
_QUANTITY = {"type": "string", "x-kubernetes-int-or-string": True}
_USAGE = {"type": "object", "description": "cpu and memory.", "additionalProperties": _QUANTITY}
_TIMES = {
    "timestamp": {"type": "string", "format": "date-time", "description": "The end of the time that was measured."},
    "window": {"type": "string", "description": "How long that time was."},
}


def _node_schema() -> Object:
    return {
        "type": "object",
        "description": "NodeMetrics is what a node uses.",
        "required": ["timestamp", "window", "usage"],
        "properties": {**_TIMES, "usage": _USAGE},
    }


def _pod_schema() -> Object:
    container = {
        "type": "object",
        "required": ["name", "usage"],
        "properties": {"name": {"type": "string", "description": "The container's name."}, "usage": _USAGE},
    }
    containers = {"type": "array", "description": "Of each container that runs.", "items": container}
    return {
        "type": "object",
        "description": "PodMetrics is what the containers of a pod use.",
        "required": ["timestamp", "window", "containers"],
        "properties": {**_TIMES, "containers": containers},
    }


@cache
def _node_structure() -> Schema:
    from wherry.kube.machinery.schema.structural import from_crd

    return from_crd(_node_schema())


@cache
def _pod_structure() -> Schema:
    from wherry.kube.machinery.schema.structural import from_crd

    return from_crd(_pod_schema())


def _node_cells(obj: Object, now: datetime) -> Sequence[Any]:
    usage = obj["usage"]
    return [obj["metadata"]["name"], usage["cpu"], usage["memory"], obj["window"]]


def _pod_cells(obj: Object, now: datetime) -> Sequence[Any]:
    whole = [str(sum((parse(each["usage"][name]) for each in obj["containers"]), ZERO)) for name in ("cpu", "memory")]
    return [obj["metadata"]["name"], *whole, obj["window"]]


NODE_METRICS = Kind(
    GROUP,
    "NodeMetrics",
    "nodes",
    (Version(VERSION, _node_structure, openapi=_node_schema),),
    VERSION,
    has_status=False,
    namespaced=False,
    verbs=("get", "list"),
    columns=_COLUMNS,
    cells=_node_cells,
    custom=True,
)
POD_METRICS = Kind(
    GROUP,
    "PodMetrics",
    "pods",
    (Version(VERSION, _pod_structure, openapi=_pod_schema),),
    VERSION,
    has_status=False,
    verbs=("get", "list"),
    columns=_COLUMNS,
    cells=_pod_cells,
    custom=True,
)
KINDS = (NODE_METRICS, POD_METRICS)
