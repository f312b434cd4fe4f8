"""What a node ought to say."""

from typing import Any

import pytest

from wherry.kube.controllers.nodelifecycle.plan import executes, is_ill, is_lost, silenced, taints, unready
from wherry.kube.machinery.model import Object

NOW = "2026-01-01T00:00:00Z"


def node(name: str = "n", spec: Object | None = None, zone: str = "", **conditions: str) -> Object:
    labels = {"topology.kubernetes.io/zone": zone} if zone else {}
    found = [{"type": kind, "status": status} for kind, status in conditions.items()]
    return {"metadata": {"name": name, "labels": labels}, "spec": spec or {}, "status": {"conditions": found}}


def keys(found: list[Object] | None) -> set[str] | None:
    return None if found is None else {f"{each['key'].partition('/')[2]}:{each['effect']}" for each in found}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"Ready": "True"}, None),
        ({"Ready": "False"}, {"not-ready:NoSchedule", "not-ready:NoExecute"}),
        ({}, {"not-ready:NoSchedule"}),  # it has not begun yet
        ({"Ready": "Unknown"}, {"unreachable:NoSchedule", "unreachable:NoExecute"}),
        ({"Ready": "True", "MemoryPressure": "True"}, {"memory-pressure:NoSchedule"}),
        ({"Ready": "True", "DiskPressure": "True"}, {"disk-pressure:NoSchedule"}),
        ({"Ready": "True", "PIDPressure": "True"}, {"pid-pressure:NoSchedule"}),
        ({"Ready": "True", "NetworkUnavailable": "True"}, {"network-unavailable:NoSchedule"}),
    ],
)
def test_conditions_become_taints(conditions: dict[str, str], expected: set[str] | None) -> None:
    assert keys(taints(node(**conditions), True, NOW)) == expected


def test_a_cordoned_node_says_so() -> None:
    assert keys(taints(node(spec={"unschedulable": True}, Ready="True"), True, NOW)) == {"unschedulable:NoSchedule"}


def test_taints_of_others_stay_and_ours_go_when_it_is_well_again() -> None:
    before = [
        {"key": "example.com/x", "effect": "NoExecute"},
        {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute", "timeAdded": "2025-01-01T00:00:00Z"},
    ]
    assert taints(node(spec={"taints": before}, Ready="True"), True, NOW) == before[:1]


def test_where_nothing_is_decided_it_stays_as_it_was() -> None:
    assert keys(taints(node(Ready="Unknown"), None, NOW)) == {"unreachable:NoSchedule"}
    before = [{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute", "timeAdded": NOW}]
    ill = node(spec={"taints": before}, Ready="Unknown")
    assert executes(ill) and is_ill(ill)
    assert keys(taints(ill, None, NOW)) == {"unreachable:NoSchedule", "unreachable:NoExecute"}
    assert keys(taints(ill, False, NOW)) == {"unreachable:NoSchedule"}
    assert taints(node(spec={"taints": before}, Ready="True"), None, NOW) == []


def test_the_time_since_when_is_kept() -> None:
    first = taints(node(Ready="False"), True, NOW)
    assert first is not None
    assert {each.get("timeAdded") for each in first if each["effect"] == "NoExecute"} == {NOW}
    assert taints(node(spec={"taints": first}, Ready="False"), True, "2027-01-01T00:00:00Z") is None


def test_a_silent_node_s_conditions_are_unknown() -> None:
    found = silenced(node(Ready="True", MemoryPressure="False"), NOW)
    assert found is not None
    kinds = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
    assert {each["type"]: each["status"] for each in found} == dict.fromkeys(kinds, "Unknown")
    assert {each["reason"] for each in found} == {"NodeStatusUnknown", "NodeStatusNeverUpdated"}
    assert silenced({"metadata": {}, "status": {"conditions": found}}, NOW) is None


@pytest.mark.parametrize(
    ("conditions", "lost"),
    [({"Ready": "True"}, True), ({"Ready": "False"}, True), ({}, False), ({"MemoryPressure": "False"}, False)],
)
def test_only_a_node_that_has_spoken_can_be_lost(conditions: dict[str, str], lost: bool) -> None:
    before = node(**conditions)
    assert not is_lost(before)
    found = silenced(before, NOW)
    assert is_lost({**before, "status": {"conditions": found}}) == lost


@pytest.mark.parametrize(("status", "expected"), [("True", "False"), ("False", None)])
def test_its_pods_are_no_longer_ready(status: str, expected: str | None) -> None:
    pod: dict[str, Any] = {"status": {"conditions": [{"type": "Ready", "status": status}, {"type": "Other"}]}}
    found = unready(pod, NOW)
    assert (found[0]["status"] if found else None) == expected
