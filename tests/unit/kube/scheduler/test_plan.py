"""Decisions: what holds of all of them."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kube.scheduler.naive import World, feasible, fits
from tests.unit.kube.scheduler.objects import USUAL, decided, facts, moved, node, placed, pod, read, refused
from tests.unit.kube.scheduler.worlds import pods, worlds
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.decision import NO_NODES, Decision, Placed, Refused, message
from wherry.kube.scheduler.plan import CONTRADICTION, Chance, Facts, decide, plan


def with_node(obj: Object, name: str) -> Object:
    return {**obj, "spec": {**obj["spec"], "nodeName": name}}


def shown(decision: Decision) -> object:
    """To compare: pods are only the same as themselves."""
    if isinstance(decision, Placed) or decision.nominated is None:
        return decision
    found = decision.nominated
    return found.node, [str(each) for each in found.victims], found.violations, message(decision)


@settings(max_examples=80)
@given(worlds(), pods("new"), st.integers(0, 3))
def test_a_pod_goes_where_every_filter_lets_it_and_only_if_none_does_nowhere(
    world: World, new: Object, seed: int
) -> None:
    found = decided(facts(world.nodes, world.pods), new, seed=seed)
    wanted = feasible(world, new)
    if isinstance(found, Placed):
        assert found.node in wanted and found.feasible == len(wanted)
    else:
        assert not wanted
        assert found.whole is not None or sum(found.counts.values()) >= len(world.nodes)


@settings(max_examples=80)
@given(worlds(), pods("new"))
def test_who_would_have_to_go_is_less_important_and_no_more_than_needed(world: World, new: Object) -> None:
    found = decided(facts(world.nodes, world.pods), new)
    if not isinstance(found, Refused) or found.nominated is None:
        return
    gone = {each.uid for each in found.nominated.victims}
    assert gone and all(each.shape.priority < new["spec"]["priority"] for each in found.nominated.victims)
    assert all(each.node == found.nominated.node for each in found.nominated.victims)
    machine = next(each for each in world.nodes if each["metadata"]["name"] == found.nominated.node)
    left = [each for each in world.pods if each["metadata"]["uid"] not in gone]
    assert fits(World(world.nodes, tuple(left)), new, machine)
    for victim in world.pods:
        if victim["metadata"]["uid"] in gone:
            assert not fits(World(world.nodes, (*left, victim)), new, machine)


@settings(max_examples=30)
@given(worlds(), st.lists(pods("x"), max_size=8), st.integers(0, 9))
def test_the_plan_of_many_is_that_of_one_after_the_other_with_nothing_remembered(
    world: World, wanted: list[Object], seed: int
) -> None:
    new = [{**each, "metadata": {**each["metadata"], "uid": str(number)}} for number, each in enumerate(wanted)]
    planned = list(plan(map(read, new), facts(world.nodes, world.pods), USUAL, Random(seed)))
    again = list(plan(map(read, new), facts(world.nodes, world.pods), USUAL, Random(seed)))
    assert [shown(decision) for _, decision in planned] == [shown(decision) for _, decision in again]

    random, there, start = Random(seed), list(world.pods), 0
    for obj, (_, decision) in zip(new, planned, strict=True):
        fresh = decide(read(obj), facts(world.nodes, there), USUAL, Chance(start, random))
        assert shown(fresh) == shown(decision)
        start += fresh.examined
        if isinstance(fresh, Placed):
            there.append(with_node(obj, fresh.node))


def test_without_nodes_there_is_nothing_to_say_about_them() -> None:
    assert refused(Facts(), pod()) == NO_NODES


def test_of_many_alike_that_fit_nowhere_the_second_costs_nothing_until_something_happens() -> None:
    known = facts([node("n", cpu="1")])
    first, second = decided(known, pod("a", cpu="2")), decided(known, pod("b", cpu="2"))
    assert first is second and isinstance(first, Refused)
    known.cluster.set_node(node("n", cpu="4"))
    assert placed(known, pod("c", cpu="2")) == "n"


def test_equal_nodes_are_taken_by_chance() -> None:
    known = facts(node(f"n{number}") for number in range(5))
    taken = {decided(known, pod(), seed=seed) for seed in range(50)}
    assert {each.node for each in taken if isinstance(each, Placed)} == set(known.cluster.nodes)


def test_nothing_is_changed_by_a_decision() -> None:
    known = facts([node("n", cpu="1")])
    assert placed(known, pod(cpu="1")) == placed(known, pod(cpu="1")) == "n"


def test_the_node_that_was_made_free_for_a_pod_is_asked_first() -> None:
    known = facts([node("small", cpu="1"), node("large", cpu="64")])
    mine = read(pod(cpu="1"))
    known.cluster.nominate(mine, "small")
    assert placed(known, pod(cpu="1")) == "small"
    known.cluster.set_pod(moved(read(pod("thief", cpu="1")), "small"))
    assert placed(known, pod(cpu="1")) == "large"


def test_room_that_another_waits_for_is_not_free_for_the_less_important() -> None:
    known = facts([node("n", cpu="1")])
    known.cluster.nominate(read(pod("first", cpu="1", priority=5)), "n")
    assert refused(known, pod(cpu="1", priority=4)).startswith("0/1 nodes are available: 1 Insufficient cpu.")
    assert placed(known, pod(cpu="1", priority=6)) == "n"


def test_what_contradicts_itself_fits_nowhere() -> None:
    both = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]} for name in ("a", "b")]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [both]}}}
    assert refused(facts([node("a")]), pod(affinity=affinity)) == (
        f"0/1 nodes are available: {CONTRADICTION}. "
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )


def test_what_this_scheduler_cannot_do_is_said() -> None:
    known = facts([node()])
    assert "resourceClaims, which this scheduler does not allocate" in refused(
        known, pod(resourceClaims=[{"name": "x"}])
    )
    assert "this scheduler places pods one by one" in refused(known, pod(schedulingGroup={"podGroupName": "g"}))
