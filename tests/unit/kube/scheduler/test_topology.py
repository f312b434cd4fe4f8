"""Domains."""

from tests.unit.kube.scheduler.objects import facts, node
from wherry.kube.scheduler.model import ZONE
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.topology import Topology


def machine(zone: str) -> Node:
    found = Node("n")
    found.describe(node("n", zone=zone))
    return found


def test_domains_have_nodes_as_these_come_change_and_go() -> None:
    topology = Topology(ZONE, [machine("a"), None, machine(""), machine("a")])
    assert topology.values == ["a", None, None, "a"] and topology.nodes == {"a": 2} and topology.without == 1
    topology.set(0, machine("b"))
    topology.set(5, machine("b"))
    assert topology.nodes == {"a": 1, "b": 2} and topology.values == ["b", None, None, "a", None, "b"]
    topology.set(2, None)
    topology.set(3, None)
    topology.set(4, None)
    assert topology.nodes == {"b": 2} and topology.without == 0


def test_the_cluster_keeps_it_right() -> None:
    cluster = facts([node("n", zone="a")]).cluster
    found = cluster.topology(ZONE)
    cluster.set_node(node("m", zone="b"))
    assert cluster.topology(ZONE) is found and found.nodes == {"a": 1, "b": 1}
