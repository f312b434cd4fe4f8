"""For whom each endpoint is meant."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.controllers.endpoints.facts import Endpoint
from wherry.kube.controllers.endpoints.hints import hinted, is_shared, processors_of
from wherry.kube.machinery.model import Object

MODE = "service.kubernetes.io/topology-mode"


def service(mode: str = "", **spec: Any) -> Object:
    return {"metadata": {"annotations": {MODE: mode} if mode else None}, "spec": spec}


def endpoint(number: int, zone: str = "a", ready: bool = True) -> Endpoint:
    return Endpoint(f"10.0.0.{number}", (), ready, ready, False, f"p{number}", "default", f"u{number:03}", "n", zone)


def node(name: str, zone: str = "", cpu: str = "2", ready: str = "True", **labels: str) -> Object:
    found = {**({"topology.kubernetes.io/zone": zone} if zone else {}), **labels}
    status = {"conditions": [{"type": "Ready", "status": ready}], "allocatable": {"cpu": cpu}}
    return {"metadata": {"name": name, "labels": found}, "status": status}


def shares(found: list[Endpoint], **processors: int) -> Counter[str]:
    return Counter(zone for each in hinted(service("Auto"), found, processors) for zone in each.zones)


@pytest.mark.parametrize(
    ("distribution", "zones", "nodes"),
    [("PreferClose", ("a",), ()), ("PreferSameZone", ("a",), ()), ("PreferSameNode", ("a",), ("n",)), (None, (), ())],
)
def test_near_is_the_zone_or_the_node_of_the_endpoint(
    distribution: str | None, zones: tuple[str, ...], nodes: tuple[str, ...]
) -> None:
    found = hinted(service(trafficDistribution=distribution), [endpoint(1), endpoint(2, ready=False)], {})
    assert [(each.zones, each.nodes) for each in found] == [(zones, nodes), ((), ())]


def test_without_a_zone_there_is_none_to_name() -> None:
    (found,) = hinted(service(trafficDistribution="PreferClose"), [endpoint(1, "")], {})
    assert found.zones == ()


@pytest.mark.parametrize(("mode", "expected"), [("Auto", True), ("auto", True), ("Disabled", False), ("", False)])
def test_shares_are_asked_for_by_an_annotation(mode: str, expected: bool) -> None:
    assert is_shared(service(mode)) is expected
    old = {"metadata": {"annotations": {"service.kubernetes.io/topology-aware-hints": mode}}, "spec": {}}
    assert is_shared(old) is expected


def test_zones_get_what_their_processors_deserve() -> None:
    found = [endpoint(number, "a" if number < 7 else "b") for number in range(10)]
    assert shares(found, a=1000, b=1000) == {"a": 5, "b": 5}
    assert shares(found, a=3000, b=1000) == {"a": 7, "b": 3}


def test_who_is_in_a_zone_without_nodes_serves_another() -> None:
    found = [endpoint(number, "abc"[number % 3]) for number in range(6)]
    assert shares(found, a=1000, b=1000) == {"a": 3, "b": 3}


@pytest.mark.parametrize(
    ("found", "processors"),
    [
        ([endpoint(1), endpoint(2)], {}),
        ([endpoint(1), endpoint(2)], {"a": 1000}),
        ([endpoint(1)], {"a": 1000, "b": 1000}),
        ([endpoint(1), endpoint(2, ""), endpoint(3)], {"a": 1000, "b": 1000}),
        ([endpoint(1), endpoint(2), endpoint(3)], {"a": 1000, "b": 1000, "c": 4000}),
    ],
)
def test_where_it_cannot_be_done_well_there_are_no_hints(found: list[Endpoint], processors: dict[str, int]) -> None:
    assert shares(found, **processors) == {}


@given(
    st.lists(st.sampled_from("abcd"), max_size=60),
    st.dictionaries(st.sampled_from("abc"), st.integers(100, 64000), max_size=3),
)
def test_either_all_have_hints_and_no_zone_is_overloaded_or_none_has(
    zones: list[str], processors: dict[str, int]
) -> None:
    found = [endpoint(number, zone) for number, zone in enumerate(zones)]
    held, whole = shares(found, **processors), sum(processors.values())
    assert sum(held.values()) in (0, len(found))
    for zone, count in held.items():
        assert count * 1.2 >= len(found) * processors[zone] / whole
    assert not held or set(held) == set(processors)


def test_processors_are_those_of_ready_nodes() -> None:
    nodes = [node("1", "a"), node("2", "a", "500m"), node("3", "b"), node("4", "b", ready="False")]
    control = node("5", "b", **{"node-role.kubernetes.io/control-plane": ""})
    assert processors_of([*nodes, control]) == {"a": 2500, "b": 2000}
    assert processors_of([*nodes, node("6")]) == {}
    assert processors_of([*nodes, node("6", "b", "0")]) == {}
