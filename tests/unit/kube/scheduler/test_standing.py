"""What nodes are."""

import pytest

from tests.unit.kube.scheduler.objects import CORDON, USUAL, facts, node, pod, read, refused
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.refusals import UNTOLERATED, Refusal
from wherry.kube.scheduler.standing import disliked_taints, normalized, preference, refuse_taints

TAINTS = [
    {"key": "soft", "value": "v", "effect": "PreferNoSchedule"},
    {"key": "k", "value": "v", "effect": "NoSchedule"},
    {"key": "gone", "effect": "NoExecute"},
]


@pytest.mark.parametrize(
    ("tolerations", "refusal"),
    [
        ([], UNTOLERATED),
        ([{"key": "k", "operator": "Exists"}], UNTOLERATED),
        ([{"operator": "Exists", "effect": "NoSchedule"}], UNTOLERATED),
        ([{"operator": "Exists"}], None),
    ],
)
def test_a_taint_that_is_not_tolerated_is_not_named(tolerations: list[Object], refusal: Refusal | None) -> None:
    machine = facts([node("n", taints=TAINTS)]).cluster.nodes["n"]
    assert refuse_taints(read(pod(tolerations=tolerations)).shape, machine) == refusal


def test_a_cordoned_node_takes_only_who_tolerates_that() -> None:
    known = facts([node("n", unschedulable=True)])
    assert "1 node(s) were unschedulable" in refused(known, pod())
    machine = known.cluster.nodes["n"]
    assert list(known.fittings.of(read(pod(tolerations=[CORDON])).shape, USUAL).fit(known.cluster, [machine.slot]))


def test_ports_are_taken_once() -> None:
    known = facts([node("n")], [pod("x", "n", host_port=80)])
    assert "1 node(s) didn't have free ports for the requested pod ports" in refused(known, pod(host_port=80))


def test_taints_to_avoid_are_counted() -> None:
    machine = facts([node("n", taints=[*TAINTS, TAINTS[0] | {"key": "other"}])]).cluster.nodes["n"]
    assert disliked_taints(read(pod()).shape, machine) == 2
    assert disliked_taints(read(pod(tolerations=[{"key": "soft", "operator": "Exists"}])).shape, machine) == 1


def test_liked_labels_are_added_up() -> None:
    terms = [
        {"weight": weight, "preference": {"matchExpressions": [{"key": key, "operator": "Exists"}]}}
        for weight, key in ((1, "a"), (10, "b"), (100, "c"))
    ]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}}
    machine = facts([node("n", labels={"a": "", "c": ""})]).cluster.nodes["n"]
    assert preference(read(pod(affinity=affinity)).shape, machine, Profile()) == 101


@pytest.mark.parametrize(
    ("raw", "reverse", "scores"),
    [
        ({}, False, None),
        ({9: 5}, False, None),
        ({0: 4, 1: 1}, False, [100, 25, 0]),
        ({0: 4, 1: 1}, True, [0, 75, 100]),
        ({0: 3, 1: 1, 2: 2}, True, [0, 67, 34]),
    ],
)
def test_scores_are_in_proportion_to_the_highest(raw: dict[int, int], reverse: bool, scores: list[int] | None) -> None:
    assert normalized(raw, range(3), reverse=reverse) == scores
