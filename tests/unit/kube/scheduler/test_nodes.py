"""What a node has and has given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.scheduler.objects import node, pod, read
from wherry.kube.machinery.taints import Taint
from wherry.kube.scheduler.model import HostPort
from wherry.kube.scheduler.nodes import Node


def machine(**more: str) -> Node:
    found = Node("n", 3)
    found.describe(node("n", **more))
    return found


def test_what_the_object_says() -> None:
    found = Node("n")
    taint = {"key": "k", "value": "v", "effect": "NoSchedule"}
    found.describe(node("n", zone="z", taints=[taint], unschedulable=True, images={"a/b": 5}, cpu="1500m"))
    assert found.allocatable == {"cpu": 1500, "memory": 16 << 30, "pods": 110} and found.max_pods == 110
    assert found.taints == (Taint("k", "v", "NoSchedule"),) and found.unschedulable
    assert found.zone == ":z" and found.images == {"a/b:latest": 5}


@given(st.lists(st.tuples(st.sampled_from(("0", "1", "2")), st.sampled_from((None, 80, 81))), max_size=6))
def test_pods_leave_as_they_came(asked: list[tuple[str, int | None]]) -> None:
    found = machine()
    pods = [
        read(pod(f"p{number}", cpu=cpu, **({"host_port": port} if port else {})))
        for number, (cpu, port) in enumerate(asked)
    ]
    for each in pods:
        found.add(each)
    assert found.requested.get("cpu", 0) == sum(int(cpu) * 1000 for cpu, _ in asked)
    for each in pods:
        found.remove(each)
    assert not found.pods and not found.ports and not any(found.requested.values())
    assert found.cpu_score == found.memory_score == 0


@pytest.mark.parametrize(
    ("used", "wanted", "free"),
    [
        ("0.0.0.0", "0.0.0.0", False), ("0.0.0.0", "10.0.0.1", False), ("10.0.0.1", "0.0.0.0", False),
        ("10.0.0.1", "10.0.0.1", False), ("10.0.0.1", "10.0.0.2", True),
    ],
)  # fmt: skip
def test_a_port_on_all_addresses_is_taken_on_each(used: str, wanted: str, free: bool) -> None:
    found = machine()
    obj = pod("p", host_port=80)
    obj["spec"]["containers"][0]["ports"][0]["hostIP"] = used
    found.add(read(obj))
    assert found.has_free([HostPort("TCP", 80, wanted)]) is free
    assert found.has_free([HostPort("UDP", 80, wanted), HostPort("TCP", 81, wanted)])


def test_a_copy_is_another_node() -> None:
    found = machine()
    mine = read(pod("p", cpu="1", host_port=80))
    found.add(mine)
    other = found.copy()
    other.remove(mine)
    assert found.pods and found.requested["cpu"] == 1000 and found.ports and not other.ports
    assert (other.name, other.slot, other.labels) == (found.name, found.slot, found.labels)
