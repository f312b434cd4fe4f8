"""``Pod``: containers that live and die together on one node."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.checking import texts
from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy, metadata_fields
from wherry.kube.kinds.pod.unread import UNREAD
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.pod.strategy import PodStrategy

    return PodStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.pod.columns import cells

    return cells(obj, now)


def _fields(obj: Object) -> Mapping[str, str]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    addresses = status.get("podIPs") or ()
    found = {
        "spec.nodeName": spec.get("nodeName"),
        "spec.restartPolicy": spec.get("restartPolicy"),
        "spec.schedulerName": spec.get("schedulerName"),
        "spec.serviceAccountName": spec.get("serviceAccountName"),
        "spec.hostNetwork": bool(spec.get("hostNetwork")),
        "status.phase": status.get("phase"),
        "status.podIP": addresses[0].get("ip") if addresses else status.get("podIP"),
        "status.nominatedNodeName": status.get("nominatedNodeName"),
    }
    return {**metadata_fields(obj), **texts(found), "spec.host": spec.get("nodeName") or "", "status.podIPs": ""}


KIND = Kind(
    "",
    "Pod",
    "pods",
    versions("", "Pod", "v1"),
    "v1",
    _strategy,
    singular="pod",
    short_names=("po",),
    categories=("all",),
    columns=(
        NAME,
        Column("Ready", description="The aggregate readiness state of this pod for accepting traffic."),
        Column("Status", description="The aggregate status of the containers in this pod."),
        Column("Restarts", description="How often its containers have been restarted, and when the last one was."),
        AGE,
        Column("IP", priority=1, description="The address of the pod."),
        Column("Node", priority=1, description="The node it runs on."),
        Column("Nominated Node", priority=1, description="The node on which room is being made for it."),
        Column("Readiness Gates", priority=1, description="How many of its readiness gates are open."),
    ),
    cells=_cells,
    selectable=(
        "spec.nodeName",
        "spec.host",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",  # may be asked for, and is no pod's (pkg/apis/core/v1/conversion.go, pkg/registry/core/pod)
        "status.nominatedNodeName",
    ),
    fields=_fields,
    subresources=(
        "attach",
        "binding",
        "ephemeralcontainers",
        "eviction",
        "exec",
        "log",
        "portforward",
        "proxy",
        "resize",
    ),
    grace_seconds=30,
    unread=UNREAD,
)
