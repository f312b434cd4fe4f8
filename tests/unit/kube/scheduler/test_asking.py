"""One suite for all that are asked about the whole cluster."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings

from tests.unit.kube.scheduler.naive import World
from tests.unit.kube.scheduler.objects import asking, facts, pod, read
from tests.unit.kube.scheduler.volumes.objects import claim, storage_class, volume, with_claim
from tests.unit.kube.scheduler.worlds import pods, worlds
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler import neighbours, spreading
from wherry.kube.scheduler.asking import Asking, Filter
from wherry.kube.scheduler.plan import Facts
from wherry.kube.scheduler.volumes.filter import VolumeFilter, prepare

Make = Callable[[Asking, Facts], Filter | None]


def of_volumes(asked: Asking, known: Facts) -> Filter | None:
    found = prepare(asked, known.volumes)
    return found if isinstance(found, VolumeFilter) else None


def of_spreads(asked: Asking, known: Facts) -> Filter | None:
    hard = spreading.constraints_of(asked, known.owners).hard
    return spreading.HardSpreads(asked, hard) if hard else None


def of_neighbours(asked: Asking, known: Facts) -> Filter | None:
    return neighbours.required(asked)


@pytest.mark.parametrize("make", [of_spreads, of_neighbours, of_volumes], ids=lambda make: make.__name__)
@settings(max_examples=40)
@given(world=worlds(), new=pods("new"))
def test_a_filter_keeps_what_it_does_not_refuse_and_supposing_nothing_changes_nothing(
    make: Make, world: World, new: Object
) -> None:
    known = facts(world.nodes, world.pods)
    if make is of_volumes:
        storage_class(known, "local", waits=True)
        claim(known, "data", "local")
        for name in ("n0", "n1"):
            volume(known, f"pv-{name}", "local", node=name)
        new = with_claim(new, "data")
    asked = asking(known, new)
    found = make(asked, known)
    if found is None:
        return
    slots = range(len(known.cluster.slots))
    refused = {slot for slot in slots if found.refusal(slot) is not None}
    assert set(found.keep(slots)) == set(slots) - refused
    for slot in slots:
        node = known.cluster.slots[slot]
        assert node is not None
        assert found.suppose(node.copy()).refusal() == found.refusal(slot)


@pytest.mark.parametrize("make", [of_spreads, of_neighbours], ids=lambda make: make.__name__)
@settings(max_examples=40)
@given(world=worlds(), new=pods("new"), other=pods("other", "n0"))
def test_to_suppose_a_pod_is_to_have_it(make: Make, world: World, new: Object, other: Object) -> None:
    known, after = facts(world.nodes, world.pods), facts(world.nodes, (*world.pods, other))
    asked = asking(known, new)
    found, wanted = make(asked, known), make(asking(after, new), after)
    node = known.cluster.nodes["n0"]
    if found is None:
        assert make is of_neighbours or wanted is None  # nobody was asked before; the other may want to be
        return
    supposed = found.suppose(node.copy())
    supposed.change(read(other), 1)
    assert supposed.refusal() == (wanted.refusal(node.slot) if wanted is not None else None)
    supposed.change(read(other), -1)
    assert supposed.refusal() == found.refusal(node.slot)


def test_who_has_neither_volumes_nor_neighbours_nor_constraints_asks_nothing() -> None:
    known = facts([])
    asked = asking(known, pod())
    assert [make(asked, known) for make in (of_spreads, of_neighbours, of_volumes)] == [None, None, None]
