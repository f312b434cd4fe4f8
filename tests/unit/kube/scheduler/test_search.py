"""Looking for nodes."""

from tests.unit.kube.scheduler.objects import asking, facts, node, node_affinity, pod, read, refused, term
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.asking import Asking
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.plan import Facts
from wherry.kube.scheduler.refusals import NOT_NAMED, UNSCHEDULABLE
from wherry.kube.scheduler.search import refuse, search

MANY = 250


def many(unschedulable: range = range(0)) -> Facts:
    return facts(node(f"n{number:03}", unschedulable=number in unschedulable) for number in range(MANY))


def names(known: Facts, slots: object) -> list[str]:
    return [each.name for slot in slots if (each := known.cluster.slots[slot]) is not None]  # type: ignore[attr-defined]


def asked(known: Facts, new: Object | None = None) -> Asking:
    return asking(known, new or pod())


def test_enough_is_enough_and_the_next_search_goes_on_there() -> None:
    known = many()
    first = search(asked(known), [], 0)
    assert names(known, first.feasible) == [f"n{number:03}" for number in range(120)] and first.examined == 120
    second = search(asked(known), [], first.examined)
    assert names(known, second.feasible)[0] == "n120" and second.examined == 120
    third = search(asked(known), [], 240)
    assert names(known, third.feasible) == [f"n{number % MANY:03}" for number in range(240, 360)]


def test_what_does_not_fit_is_examined_too() -> None:
    known = many(unschedulable=range(10, 60))
    found = search(asked(known), [], 0)
    assert len(found.feasible) == 120 and found.examined == 170
    assert "n010" not in names(known, found.feasible) and names(known, found.feasible)[-1] == "n169"


def test_all_are_examined_when_there_are_not_enough() -> None:
    known = many(unschedulable=range(5, MANY))
    found = search(asked(known), [], 100)
    assert names(known, found.feasible) == [f"n00{number}" for number in range(5)] and found.examined == MANY


def test_only_when_none_will_do_is_it_told_why() -> None:
    known = many(unschedulable=range(MANY))
    found = search(asked(known), [], 7)
    assert not found.feasible and found.examined == MANY
    assert len(found.refusals) == MANY and set(found.refusals.values()) == {UNSCHEDULABLE}


def test_a_profile_may_want_more_to_choose_among() -> None:
    known = many()
    assert len(search(asking(known, pod(), Profile("x", percentage=100)), [], 0).feasible) == MANY


def test_who_names_a_node_asks_no_others() -> None:
    known = many(unschedulable=range(0, 1))
    one = pod(affinity=node_affinity(fields=[term("metadata.name", "In", "n007")]))
    found = search(asked(known, one), [], 100)
    assert names(known, found.feasible) == ["n007"] and found.examined == 1
    assert len(asked(known, one).fitting.refusals) == 0

    other = pod(affinity=node_affinity(fields=[term("metadata.name", "In", "n000")]))
    refusals = search(asked(known, other), [], 0).refusals
    assert list(refusals.values()).count(UNSCHEDULABLE) == 1 and list(refusals.values()).count(NOT_NAMED) == MANY - 1
    assert refused(known, other) == (
        "0/250 nodes are available: 1 node(s) were unschedulable, 249 node(s) didn't satisfy plugin(s) [NodeAffinity]. "
        "preemption: 0/250 nodes are available: 250 Preemption is not helpful for scheduling."
    )
    gone = pod(affinity=node_affinity(fields=[term("metadata.name", "In", "gone")]))
    assert len(search(asked(known, gone), [], 0).refusals) == MANY


def test_nodes_that_are_gone_are_nobody() -> None:
    known = many()
    known.cluster.sort()
    for number in range(12):
        known.cluster.remove_node(f"n{number:03}")
    found = search(asked(known), [], 0)
    assert names(known, found.feasible)[0] == "n012" and len(found.feasible) == 116  # 49 % of 238
    assert refuse(asked(known), [], 0) is None and known.cluster.slots[0] is None


def test_room_for_who_is_more_important_is_not_free() -> None:
    known = facts([node("a", cpu="1"), node("b", cpu="1")])
    known.cluster.nominate(read(pod("first", cpu="1", priority=9)), "a")
    found = search(asked(known, pod(cpu="1")), [], 0)
    assert names(known, found.feasible) == ["b"]
    known.cluster.nominate(read(pod("second", cpu="1", priority=9)), "b")
    found = search(asked(known, pod(cpu="1")), [], 0)
    assert [each.reasons for each in found.refusals.values()] == [("Insufficient cpu",)] * 2
