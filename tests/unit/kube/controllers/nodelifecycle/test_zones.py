"""Zones with and without a node that is well."""

from random import Random

from wherry.kube.controllers.nodelifecycle.zones import Zones, zone_of
from wherry.kube.machinery.model import Object


def node(zone: str, ready: str = "True") -> Object:
    labels = {"topology.kubernetes.io/zone": zone}
    return {"metadata": {"labels": labels}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def test_where_no_node_is_well_none_is_to_lose_its_pods() -> None:
    zones = Zones()
    ill = node("x", "Unknown")
    zones.learn("a", ill)
    zones.learn("far", node("y"))
    assert not zones.is_well(ill)
    assert sorted(zones.learn("b", node("x"))) == ["a", "b"]
    assert zones.is_well(ill)
    assert zones.learn("c", node("x")) == []
    assert zones.learn("b", None) == []
    assert sorted(zones.learn("c", node("x", "Unknown"))) == ["a", "c"]
    assert not zones.is_well(ill)


def test_a_node_that_moves_counts_in_both_zones() -> None:
    zones = Zones()
    zones.learn("a", node("x"))
    zones.learn("b", node("x", "Unknown"))
    assert sorted(zones.learn("a", node("y"))) == ["a", "b"]
    assert not zones.is_well(node("x"))
    assert zones.is_well(node("y"))


def test_it_knows_what_a_look_at_all_nodes_would_say() -> None:
    random, zones = Random(1), Zones()
    there: dict[str, Object] = {}
    for _ in range(2000):
        name = f"n{random.randrange(12)}"
        if random.random() < 0.2:
            there.pop(name, None)
        else:
            there[name] = node(random.choice("xyz"), random.choice(("True", "False", "Unknown")))
        before = {zone: zones.is_well(node(zone)) for zone in "xyz"}
        told = set(zones.learn(name, there.get(name)))
        well = {zone_of(each)[1] for each in there.values() if each["status"]["conditions"][0]["status"] == "True"}
        turned = {zone for zone in "xyz" if before[zone] != (zone in well)}
        assert {zone for zone in "xyz" if zones.is_well(node(zone))} == well
        assert told == {each for each, found in there.items() if zone_of(found)[1] in turned}
