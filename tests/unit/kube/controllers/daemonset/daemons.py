"""Daemons, their nodes and pods, as plans see them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.unit.kube.controllers.harness import obj
from tests.unit.kube.controllers.workloads import LABELS, pod, workload
from wherry.kube.controllers.daemonset.fitting import RUNS, Fit
from wherry.kube.controllers.daemonset.plan import Facts, Plan
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
NEW, OLD = "new", "old"


def daemon(*, surge: int | str = 0, unavailable: int | str = 1, **spec: Any) -> Object:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    made = workload("DaemonSet", "agent", **{"updateStrategy": strategy, "revisionHistoryLimit": 10, **spec})
    del made["spec"]["replicas"]
    made["status"] = {}
    return made


def node(name: str, *taints: Object, **labels: str) -> Object:
    found = obj("Node", name, "", spec={"taints": list(taints)} if taints else {})
    found["metadata"]["labels"] = labels
    return found


def taint(key: str, effect: str = "NoSchedule", value: str = "") -> Object:
    return {"key": key, "effect": effect, **({"value": value} if value else {})}


def daemon_pod(name: str, where: str, *, old: bool = False, second: int = 0, **state: Any) -> Object:
    labels = {**LABELS, "controller-revision-hash": OLD if old else NEW}
    made = f"2026-01-01T00:00:{second:02}Z"
    return pod(name, daemon(), node=where, **{"labels": labels, "creationTimestamp": made, **state})


def facts(
    owner: Object, pods: Mapping[str, list[Object]], nodes: Mapping[str, Fit] | None = None,
    pause: Callable[[str], float] = lambda node: 0.0,
) -> Facts:  # fmt: skip
    here = nodes if nodes is not None else dict.fromkeys(pods, RUNS)
    return Facts(owner, NEW, here, {name: each for name, each in pods.items() if each}, pause, NOW)


def said(planned: Plan) -> list[str]:
    return [f"+{name}" for name in planned.create] + [f"-{each['metadata']['name']}" for each in planned.delete]
