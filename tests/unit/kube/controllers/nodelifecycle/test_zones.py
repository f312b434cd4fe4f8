"""How zones are, and how fast their nodes may lose their pods."""

from random import Random

import pytest

from wherry.kube.controllers.nodelifecycle.zones import SLOW_SECONDS, USUAL_SECONDS, Turns, Zones, zone_of
from wherry.kube.machinery.model import Object


def node(zone: str, ready: str = "True") -> Object:
    labels = {"topology.kubernetes.io/zone": zone}
    return {"metadata": {"labels": labels}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def zone_with(well: int, ill: int, elsewhere: bool = True) -> Zones:
    """``elsewhere``: a node of another zone is well."""
    zones = Zones()
    for number in range(well + ill):
        zones.learn(f"n{number}", node("x", "True" if number < well else "Unknown"))
    if elsewhere:
        zones.learn("far", node("y"))
    return zones


@pytest.mark.parametrize(
    ("well", "ill", "pace"),
    [
        (1, 1, USUAL_SECONDS), (0, 1, USUAL_SECONDS), (0, 60, USUAL_SECONDS), (1, 2, USUAL_SECONDS), (2, 3, None),
        (3, 3, USUAL_SECONDS), (20, 30, None), (20, 31, SLOW_SECONDS), (30, 21, USUAL_SECONDS),
    ],
)  # fmt: skip
def test_the_pace_of_a_zone(well: int, ill: int, pace: float | None) -> None:
    assert zone_with(well, ill).pace(node("x")) == pace


def test_when_none_at_all_is_well_none_is_to_lose_its_pods() -> None:
    zones = zone_with(0, 2, elsewhere=False)
    assert zones.is_cut_off and zones.pace(node("x")) is None
    assert sorted(zones.learn("far", node("y"))) == ["far", "n0", "n1"]
    assert not zones.is_cut_off and zones.pace(node("x")) == USUAL_SECONDS
    assert sorted(zones.learn("far", None)) == ["n0", "n1"]
    assert zones.is_cut_off


def test_who_is_of_a_zone_with_another_pace_is_looked_at_again() -> None:
    zones = zone_with(3, 2)
    assert sorted(zones.learn("n0", node("x", "Unknown"))) == [f"n{number}" for number in range(5)]
    assert zones.learn("n1", node("x", "Unknown")) == []
    assert sorted(zones.learn("n2", node("x", "Unknown"))) == [f"n{number}" for number in range(5)]
    assert zones.pace(node("x")) == USUAL_SECONDS  # it is gone as a whole


def test_a_node_that_moves_counts_in_both_zones() -> None:
    zones = zone_with(2, 3)
    assert zones.pace(node("x")) is None
    assert sorted(zones.learn("n4", node("y", "Unknown"))) == ["n0", "n1", "n2", "n3"]
    assert zones.pace(node("x")) == USUAL_SECONDS


def test_it_knows_what_a_look_at_all_nodes_would_say() -> None:
    random, zones = Random(1), Zones()
    there: dict[str, Object] = {}
    for _ in range(2000):
        name = f"n{random.randrange(12)}"
        if random.random() < 0.2:
            there.pop(name, None)
        else:
            there[name] = node(random.choice("xyz"), random.choice(("True", "False", "Unknown")))
        before, was_cut_off = {zone: zones.pace(node(zone)) for zone in "xyz"}, zones.is_cut_off
        told = set(zones.learn(name, there.get(name)))
        fresh = Zones()
        for each, found in there.items():
            fresh.learn(each, found)
        after = {zone: zones.pace(node(zone)) for zone in "xyz"}
        assert (zones.is_cut_off, after) == (fresh.is_cut_off, {zone: fresh.pace(node(zone)) for zone in "xyz"})
        turned = {zone for zone in "xyz" if before[zone] != after[zone]}
        if zones.is_cut_off != was_cut_off:
            assert told == set(there)
        else:
            assert told == {each for each, found in there.items() if zone_of(found)[1] in turned}


def test_one_after_the_other_has_its_turn() -> None:
    turns, here, there = Turns(), ("", "x"), ("", "y")
    assert turns.wait_seconds(here, 10, 100) == 0
    assert turns.wait_seconds(there, 10, 100) == 0
    assert turns.wait_seconds(here, 10, 104) == 6
    assert turns.wait_seconds(here, 10, 110) == 0
    assert turns.wait_seconds(here, 100, 120) == 0
    assert turns.wait_seconds(here, 10, 121) == 10
