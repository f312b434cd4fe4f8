"""Why there is no node."""

from typing import Any

from tests.unit.app.why.objects import NOW, event, known, node, pod
from tests.unit.kube.scheduler.volumes.objects import claim_object
from wherry.app.why.gathering import Known
from wherry.app.why.placing import _PLAIN, facts_of, waiting_for_node
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler import refusals
from wherry.kube.scheduler.refusals import Refusal
from wherry.kube.scheduler.volumes import matching
from wherry.kube.scheduler.watching import CLAIMS, NODES, PODS

TAINT = {"key": "k", "value": "v", "effect": "NoSchedule"}
TRIED = event("FailedScheduling", "0/3 nodes are available")


def asking(cpu: str) -> list[Object]:
    return [{"name": "app", "image": "demo:1", "resources": {"requests": {"cpu": cpu}}}]


def without_node(*nodes: Object, pods: list[Object] | None = None, status: Object | None = None, **spec: Any) -> Known:
    return known(
        pod(on="", status=status, **spec), TRIED, node=None, lists={NODES: list(nodes), PODS: pods or []}
    )  # fmt: skip


def said(found: Known) -> list[str]:
    return list(waiting_for_node(found, NOW))


def test_each_reason_is_counted_and_names_its_nodes() -> None:
    used = pod(on="b", meta={"uid": "other"}, containers=asking("500m"))
    nodes = [node("a"), node("b"), node("c", taints=[TAINT]), node("d", unschedulable=True), node("e", taints=[TAINT])]
    assert said(without_node(*nodes, pods=[used], containers=asking("3"))) == [
        "It waits for a node for 60s: none of 5 will do.",
        "  2 nodes with too little cpu: it asks for 3; they have at most 2 free, on a (a, b)",
        "  2 nodes with the taint k=v, which the pod does not tolerate (c, e)",
        "  1 node closed to new pods (cordoned) (d)",
        "It is tried again as soon as something changes that may help (it last was 60s ago).",
    ]


def test_there_may_be_room_by_now() -> None:
    assert said(without_node(node("a"), node("b", unschedulable=True)))[0] == (
        "It waits for its turn: there is room on a now."
    )


def test_there_may_be_no_node_at_all() -> None:
    assert said(without_node()) == ["It waits for a node for 60s: there is none."]


def test_a_dependency_holds_it_back() -> None:
    found = said(without_node(node(), schedulingGates=[{"name": "wherry.dev/depends-on"}, {"name": "x/y"}]))
    assert found[0] == "It is held back by 2 scheduling gates: wherry.dev/depends-on, x/y."
    assert len(found) == 2


def test_another_scheduler_may_be_meant() -> None:
    assert said(without_node(node(), schedulerName="mine")) == [
        "It waits for the scheduler 'mine', which is none of this cluster's own."
    ]


def test_a_claim_may_be_missing() -> None:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    found = without_node(node(), volumes=volumes)
    text = "It waits for a node for 60s, and no node can be chosen: "
    assert said(found) == [f'{text}persistentvolumeclaim "data" not found.']
    found.lists[CLAIMS] = [claim_object("data")]
    assert said(found) == [f"{text}pod has unbound immediate PersistentVolumeClaims."]


def test_others_may_be_on_their_way_out() -> None:
    found = said(without_node(node(), status={"nominatedNodeName": "n"}, containers=asking("3")))
    assert "Less important pods on n are being ended to make room for it." in found


def test_whether_others_could_give_way() -> None:
    def found(message: str) -> list[str]:
        condition = {"type": "PodScheduled", "status": "False", "message": f"0/1 … preemption: {message}"}
        return said(without_node(node(), status={"conditions": [condition]}, containers=asking("3")))

    assert "Making less important pods give way would not help." in found("1 Preemption is not helpful")
    assert "Making less important pods give way would not help." in found("1 No preemption victims found")
    assert any("preemptionPolicy: Never" in each for each in found("not eligible due to preemptionPolicy=Never."))


def test_before_the_scheduler_has_said_anything() -> None:
    found = known(pod(on=""), node=None, lists={NODES: [node()]})
    assert said(found)[-1] == "The scheduler has not said anything about it yet."


def test_every_reason_that_is_the_same_for_all_has_plain_words() -> None:
    fixed = {reason for each in vars(refusals).values() if isinstance(each, Refusal) for reason in each.reasons}
    fixed |= {matching.NO_VOLUME, matching.WRONG_NODE, matching.LOST_VOLUME, "Too many pods"}
    assert fixed - _PLAIN.keys() == {"node(s) didn't match scheduler-enforced node affinity"}
    assert all(each and not each.endswith(".") for each in _PLAIN.values())


def test_what_is_known_is_what_a_scheduler_would_know() -> None:
    over = pod(on="a", phase="Succeeded", meta={"uid": "over"})
    waiting = pod(on="", meta={"uid": "w"}, status={"nominatedNodeName": "a"})
    facts, mine = facts_of(without_node(node("a"), pods=[over, waiting, pod(on="a", meta={"uid": "there"})]))
    assert list(facts.cluster.pods) == ["there"] and list(facts.cluster.nominated["a"]) == ["w"]
    assert mine.name == "p"
