"""Who has to go."""

import pytest

from tests.unit.kube.scheduler.objects import (
    WEB,
    decided,
    facts,
    node,
    nominated,
    pod,
    pod_affinity,
    read,
    refused,
    spread,
)  # fmt: skip
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.model import HOSTNAME
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.preemption import NEVER, WAITING
from wherry.kube.scheduler.refusals import Plugin

HIGH = {"cpu": "1", "priority": 10}


def victims(nodes: list[Object], there: list[Object], new: Object, budgets: dict[str, int] | None = None) -> str:
    """Node, and who goes, the most important first."""
    known = facts(nodes, there)
    for app, allowed in (budgets or {}).items():
        obj = {"spec": {"selector": {"matchLabels": {"app": app}}}, "status": {"disruptionsAllowed": allowed}}
        known.budgets.set("default", app, obj)
    found = nominated(known, new)
    return f"{found.node}: {' '.join(each.name for each in found.victims)}"


OLD, NEW = {"startTime": "2026-01-01T01:00:00Z"}, {"startTime": "2026-01-01T02:00:00Z"}
ONE = [node("a", cpu="2")]


@pytest.mark.parametrize(
    ("nodes", "there", "new", "wanted"),
    [
        (ONE, [pod("x", "a", cpu="2")], pod(**HIGH), "a: x"),
        (ONE, [pod("x", "a", cpu="1"), pod("y", "a", cpu="1", priority=1)], pod(**HIGH), "a: x"),
        (ONE, [pod("x", "a", cpu="1", priority=20), pod("y", "a", cpu="1")], pod(**HIGH), "a: y"),
        (ONE, [pod("x", "a", cpu="1", status=OLD), pod("y", "a", cpu="1", status=NEW)], pod(**HIGH), "a: y"),
        (ONE, [pod("x", "a", cpu="1"), pod("y", "a", cpu="1")], pod(cpu="2", priority=1), "a: x y"),
        (
            [node("a", cpu="1"), node("b", cpu="1")],
            [pod("x", "a", cpu="1", priority=5), pod("y", "b", cpu="1", priority=4)],
            pod(**HIGH),
            "b: y",
        ),
        (
            [node("a", cpu="1"), node("b", cpu="1")],
            [pod("x", "a", cpu="500m"), pod("x2", "a", cpu="500m"), pod("y", "b", cpu="1")],
            pod(**HIGH),
            "b: y",
        ),
        (
            [node("a", cpu="1"), node("b", cpu="1")],
            [pod("x", "a", cpu="1", status=OLD), pod("y", "b", cpu="1", status=NEW)],
            pod(**HIGH),
            "b: y",
        ),
        (
            [node("a", pods="1"), node("b", taints=[{"key": "k", "effect": "NoSchedule"}])],
            [pod("x", "a")],
            pod(priority=1),
            "a: x",
        ),
        ([node("a")], [pod("x", "a", host_port=80), pod("y", "a")], pod(host_port=80, priority=1), "a: x"),
        (
            [node("a")],
            [pod("x", "a", labels=WEB), pod("y", "a")],
            pod(priority=1, affinity=pod_affinity("podAntiAffinity", HOSTNAME)),
            "a: x",
        ),
        (
            [node("a"), node("b", unschedulable=True)],
            [pod("x", "a", labels=WEB), pod("y", "a")],
            pod(priority=1, labels=WEB, topologySpreadConstraints=[spread(HOSTNAME)]),
            "a: x",
        ),
    ],
)  # fmt: skip
def test_as_little_harm_as_possible(nodes: list[Object], there: list[Object], new: Object, wanted: str) -> None:
    assert victims(nodes, there, new) == wanted


def test_whom_a_budget_keeps_stays_where_there_is_a_choice() -> None:
    there = [pod("x", "a", cpu="1", labels=WEB), pod("y", "b", cpu="1", priority=5)]
    nodes = [node("a", cpu="1"), node("b", cpu="1")]
    assert victims(nodes, there, pod(**HIGH), {"web": 0}) == "b: y"
    assert victims(nodes, there, pod(**HIGH), {"web": 1}) == "a: x"
    both = [pod("x", "a", cpu="1", labels=WEB), pod("y", "a", cpu="1", priority=5)]
    assert victims([node("a", cpu="2")], both, pod(**HIGH), {"web": 0}) == "a: y"
    assert victims([node("a", cpu="2")], both, pod(**HIGH), {}) == "a: x"
    assert nominated(facts([node("a", cpu="1")], there[:1]), pod(**HIGH)).violations == 0


def test_a_budget_is_violated_when_nothing_else_helps() -> None:
    known = facts([node("a", cpu="1")], [pod("x", "a", cpu="1", labels=WEB)])
    known.budgets.set("default", "x", {"spec": {"selector": {"matchLabels": WEB}}, "status": {}})
    assert nominated(known, pod(**HIGH)).violations == 1


@pytest.mark.parametrize(
    ("nodes", "there", "new", "text"),
    [
        (
            ONE, [pod("x", "a", cpu="2", priority=10)], pod(**HIGH),
            "0/1 nodes are available: 1 Insufficient cpu. "
            "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
        ),
        (
            ONE, [], pod(cpu="3"),
            "0/1 nodes are available: 1 Insufficient cpu. "
            "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
        ),
        (
            [*ONE, node("b", unschedulable=True), node("c", cpu="500m")],
            [pod("x", "a", cpu="1500m", priority=10), pod("y", "a", cpu="100m")],
            pod(**HIGH),
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. "
            "preemption: 0/3 nodes are available: 1 Insufficient cpu, 2 Preemption is not helpful for scheduling.",
        ),
        (ONE, [pod("x", "a", cpu="2")], pod(**HIGH, preemptionPolicy="Never"),
         f"0/1 nodes are available: 1 Insufficient cpu. preemption: {NEVER}"),
    ],
)  # fmt: skip
def test_why_nobody_goes(nodes: list[Object], there: list[Object], new: Object, text: str) -> None:
    assert refused(facts(nodes, there), new) == text


def test_while_somebody_is_on_the_way_out_nobody_else_is_sent() -> None:
    condition = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
    ending = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    leaving = pod("x", "a", cpu="2", meta=ending, status={"conditions": [condition]})
    new = pod(**HIGH, status={"nominatedNodeName": "a"})
    known = facts([node("a", cpu="2"), node("b", cpu="1")], [leaving, pod("y", "b", cpu="1")])
    known.cluster.nominate(read(new), "a")
    assert refused(known, new).endswith(f"preemption: {WAITING}")
    known.cluster.set_node(node("a", cpu="2", unschedulable=True))
    assert nominated(known, new).node == "b"


def test_a_profile_may_let_nobody_go() -> None:
    known = facts(ONE, [pod("x", "a", cpu="2")])
    profile = Profile("gentle", frozenset({Plugin.PREEMPTION}))
    assert refused(known, pod(**HIGH), profile) == "0/1 nodes are available: 1 Insufficient cpu."


def test_which_nodes_are_looked_at_is_chance_but_enough_are() -> None:
    nodes = [node(f"n{number:03}", cpu="1") for number in range(40)]
    there = [pod(f"p{number}", f"n{number:03}", cpu="1") for number in range(40)]
    known = facts(nodes, there)
    profile = Profile("few", victim_nodes=1)
    taken = set()
    for seed in range(20):
        found = decided(known, pod(**HIGH), profile, seed)
        taken.add(getattr(getattr(found, "preemption", None), "node", None))
    assert len(taken) > 1 and None not in taken
