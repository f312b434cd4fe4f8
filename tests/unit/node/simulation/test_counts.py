"""How far a simulation is."""

import pytest

from tests.unit.node.pods.rig import pod
from wherry.kube.machinery.model import Object
from wherry.node.simulation.counts import Counts, Progress

READY = [{"type": "Ready", "status": "True"}]
TAINT = [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]


@pytest.fixture
def counts() -> Counts:
    return Counts(2, lambda name: name in ("sim-0", "sim-1"))


def node(name: str, *, taints: list[dict[str, str]] | None = None, conditions: list[dict[str, str]] = READY) -> Object:
    return {"metadata": {"name": name}, "spec": {"taints": taints}, "status": {"conditions": conditions}}


def on(name: str, node: str, **status: object) -> Object:
    made = pod(name, nodeName=node)
    made["status"] |= status
    return made


def test_a_node_is_ready_when_it_may_be_given_pods(counts: Counts) -> None:
    fresh, well, ill = node("sim-0", taints=TAINT), node("sim-0"), node("sim-0", conditions=[])
    seen = []
    for old, new in ((None, fresh), (fresh, well), (well, ill), (ill, well), (well, None)):
        counts.node_told(old, new)
        seen.append(counts.progress.ready)
    assert seen == [0, 1, 0, 1, 0]
    counts.node_told(None, node("other"))
    assert counts.progress == Progress(nodes=2)


def test_pods_are_counted_by_how_they_are(counts: Counts) -> None:
    waiting, running = on("a", "sim-1"), on("a", "sim-1", phase="Running", conditions=READY)
    leaving = on("a", "sim-1", conditions=READY)
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    seen = []
    for old, new in ((None, waiting), (waiting, running), (running, leaving), (leaving, None)):
        counts.pod_told(old, new)
        found = counts.progress
        seen.append((found.pods, found.pods_ready, found.leaving))
    assert seen == [(1, 0, 0), (1, 1, 0), (1, 0, 1), (0, 0, 0)]
    counts.pod_told(None, on("b", "sim-0", phase="Succeeded"))
    assert counts.progress.ended == 1


def test_pods_elsewhere_do_not_count_before_they_come(counts: Counts) -> None:
    unbound, bound = on("a", ""), on("a", "sim-0")
    counts.pod_told(None, unbound)
    counts.pod_told(None, on("b", "real"))
    assert counts.progress.pods == 0
    counts.pod_told(unbound, bound)
    assert counts.progress.pods == 1
