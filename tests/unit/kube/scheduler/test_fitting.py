"""What is remembered of nodes."""

from hypothesis import given, settings

from tests.unit.kube.scheduler.naive import World
from tests.unit.kube.scheduler.objects import CORDON, USUAL, facts, moved, node, pod, read
from tests.unit.kube.scheduler.worlds import pods, worlds
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.fitting import Fitting, Fittings, asks_of, at, judge, slots_of
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.refusals import UNSCHEDULABLE, Plugin


@settings(max_examples=40)
@given(worlds(), pods("new"))
def test_what_is_remembered_is_what_would_be_found_anew(world: World, new: Object) -> None:
    """Told one after the other and asked in between, or all at once."""
    known, shape = facts(()), read(new).shape
    fitting = Fitting(shape, USUAL, known.cluster)
    for change in (*world.nodes, *world.pods):
        if change["kind"] == "Node":
            known.cluster.set_node(change)
        else:
            known.cluster.set_pod(read(change))
        fitting.refresh(known.cluster)
        fitting.fit(known.cluster, range(len(known.cluster.slots)))
    fresh = Fitting(shape, USUAL, known.cluster)
    slots = range(len(known.cluster.slots))
    assert list(fitting.fit(known.cluster, slots)) == list(fresh.fit(known.cluster, slots))
    assert (fitting.scores, fitting.refusals) == (fresh.scores, fresh.refusals)
    assert (fitting.disliked, fitting.preferred) == (fresh.disliked, fresh.preferred)


def test_only_nodes_that_changed_are_judged_again() -> None:
    known = facts([node("a", cpu="1"), node("b", cpu="1")])
    mine = read(pod(cpu="1"))
    fitting = known.fittings.of(mine.shape, USUAL)
    assert list(fitting.fit(known.cluster, range(2))) == [0, 1]
    known.cluster.set_pod(moved(mine, "a"))
    assert fitting.scores[0] >= 0  # not told yet
    assert known.fittings.of(mine.shape, USUAL) is fitting
    assert fitting.scores[0] < 0 <= fitting.scores[1]
    assert list(fitting.fit(known.cluster, range(2))) == [1]
    known.cluster.remove_pod(mine.uid)
    known.fittings.of(mine.shape, USUAL)
    assert list(fitting.fit(known.cluster, range(2))) == [0, 1] and not fitting.refusals


def test_a_node_that_is_gone_is_nobody() -> None:
    known = facts([node("a"), node("b"), node("c")])
    fitting = known.fittings.of(read(pod()).shape, USUAL)
    fitting.fit(known.cluster, range(3))
    known.cluster.remove_node("b")
    known.fittings.of(read(pod()).shape, USUAL)
    assert list(fitting.fit(known.cluster, range(3))) == [0, 2] and 1 not in fitting.refusals


def test_the_shapes_asked_for_last_are_kept() -> None:
    known = facts([node("a")])
    fittings = Fittings(known.cluster, kept=2)
    shapes = [read(pod(cpu=str(number))).shape for number in range(3)]
    first, second = (fittings.of(shape, USUAL) for shape in shapes[:2])
    assert fittings.of(shapes[0], USUAL) is first
    fittings.of(shapes[2], USUAL)
    assert fittings.of(shapes[0], USUAL) is first and fittings.of(shapes[1], USUAL) is not second


def test_a_profile_has_its_own_memory() -> None:
    known = facts([node("a", unschedulable=True)])
    shape = read(pod()).shape
    lenient = Profile("lenient", frozenset({Plugin.UNSCHEDULABLE}))
    assert not known.fittings.of(shape, USUAL).fit(known.cluster, range(1))
    assert known.fittings.of(shape, lenient).fit(known.cluster, range(1))


def test_the_first_filter_that_refuses_is_named() -> None:
    known = facts([node("a", unschedulable=True, taints=[{"key": "k", "effect": "NoSchedule"}], cpu="0")])
    machine = known.cluster.nodes["a"]
    shape = read(pod(cpu="1", host_port=80, nodeSelector={"x": "y"})).shape
    reasons = []
    off: frozenset[Plugin] = frozenset()
    while (found := judge(machine, asks_of(shape, Profile(disabled=off)))) is not None:
        reasons.append(found.plugin)
        off |= {found.plugin}
    assert reasons == [Plugin.UNSCHEDULABLE, Plugin.TAINTS, Plugin.NODE_AFFINITY, Plugin.RESOURCES]
    assert judge(machine, asks_of(read(pod()).shape, USUAL)) is UNSCHEDULABLE
    tolerant = read(pod(tolerations=[CORDON, {"key": "k", "operator": "Exists"}])).shape
    assert judge(machine, asks_of(tolerant, USUAL)) is None


def test_something_is_remembered_for_as_long_as_it_depends_on_nothing_else() -> None:
    fitting = known_fitting()
    assert [fitting.remembered("x", 1, lambda: "one"), fitting.remembered("x", 1, lambda: "two")] == ["one", "one"]
    assert fitting.remembered("x", 2, lambda: "two") == "two"


def known_fitting() -> Fitting:
    known = facts([node("a")])
    return known.fittings.of(read(pod()).shape, USUAL)


def test_columns_are_read_at_slots() -> None:
    assert at([10, 11, 12, 13], range(1, 3)) == at([10, 11, 12, 13], [1, 2]) == [11, 12]
    known = facts([node("a"), node("b")])
    assert slots_of(known.cluster, ["b", "gone", "a"]) == [0, 1]
