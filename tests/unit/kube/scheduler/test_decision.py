"""What a decision says."""

import pytest

from tests.unit.kube.scheduler.objects import pod, read
from wherry.kube.scheduler.decision import NO_NODES, Nominated, Refused, counted, message
from wherry.kube.scheduler.refusals import PORTS_TAKEN, UNSCHEDULABLE, Plugin, Refusal

BOTH = Refusal(Plugin.RESOURCES, ("Insufficient cpu", "Insufficient memory"))
TAINT = "node(s) had untolerated taint(s)"
UNBOUND = Refusal(Plugin.VOLUMES, ("pod has unbound immediate PersistentVolumeClaims",))


@pytest.mark.parametrize(
    ("refused", "text"),
    [
        (Refused(0), NO_NODES),
        (
            Refused(3, {"Insufficient cpu": 2, TAINT: 1}, preemption="0/3 nodes are available: 3 x."),
            "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. "
            "preemption: 0/3 nodes are available: 3 x.",
        ),
        (Refused(12, {"b": 10, "a": 2}), "0/12 nodes are available: 10 b, 2 a."),
        (Refused(2, {}, UNBOUND), "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims."),
        (Refused(1, {"a": 1}, preemption=Nominated("n", (read(pod()),))), "0/1 nodes are available: 1 a."),
    ],
)  # fmt: skip
def test_messages_are_upstreams(refused: Refused, text: str) -> None:
    assert message(refused) == text


def test_every_reason_of_a_node_counts() -> None:
    assert counted({0: BOTH, 1: UNSCHEDULABLE, 2: Refusal(*BOTH), 3: PORTS_TAKEN}) == {
        "Insufficient cpu": 2,
        "Insufficient memory": 2,
        "node(s) were unschedulable": 1,
        "node(s) didn't have free ports for the requested pod ports": 1,
    }
