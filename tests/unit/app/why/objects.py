"""Pods in all kinds of trouble."""

from datetime import UTC, datetime
from typing import Any

from wherry.app.why.gathering import Known
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
BEFORE = "2026-01-01T11:59:00Z"  # a minute


def pod(
    *, on: str = "n", phase: str = "Pending", status: Object | None = None, meta: Object | None = None, **spec: Any
) -> Object:
    found = {"containers": [{"name": "app", "image": "demo:1"}], **spec}
    if on:
        found["nodeName"] = on
    return {
        "apiVersion": "v1", "kind": "Pod", "spec": found, "status": {"phase": phase, **(status or {})},
        "metadata": {"name": "p", "namespace": "default", "uid": "u", "creationTimestamp": BEFORE, **(meta or {})},
    }  # fmt: skip


def node(name: str = "n", ready: str = "True", **more: Any) -> Object:
    condition = {"type": "Ready", "status": ready, "message": "" if ready == "True" else "nobody has heard of it"}
    status = {"conditions": [condition], "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "10"}}
    labels = more.pop("labels", {})
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": more,
        "status": status,
    }


def event(reason: str, message: str = "", at: str = BEFORE, of: str = "") -> Object:
    """``of``: a container."""
    found = {"reason": reason, "message": message, "lastTimestamp": at, "metadata": {"resourceVersion": "1"}}
    return {**found, "involvedObject": {"fieldPath": f"spec.containers{{{of}}}"}} if of else found


def state(ready: bool = False, restarts: int = 0, **more: Any) -> Object:
    """Of the container ``app``: ``waiting``, ``running``, ``terminated``, ``last``."""
    found: Object = {"name": "app", "ready": ready, "restartCount": restarts, "state": {}}
    if "last" in more:
        found["lastState"] = {"terminated": more.pop("last")}
    if "started" in more:
        found["started"] = more.pop("started")
    return {**found, "state": more}


def known(obj: Object, *events: Object, **more: Any) -> Known:
    return Known(obj, list(events), more.pop("node", node()), **more)
