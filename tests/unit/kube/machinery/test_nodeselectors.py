"""Which nodes a pod must have."""

import pytest

from tests.unit.kube.scheduler.objects import node_affinity, term
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.nodeselectors import NO_NODE, node_demand, node_terms

NAME = "metadata.name"
EMPTY_TERM = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{}]}}}


@pytest.mark.parametrize(
    ("spec", "matching"),
    [
        ({}, "abc"),
        ({"nodeSelector": {"disk": "ssd"}}, "a"),
        ({"affinity": node_affinity(term("disk", "In", "ssd", "hdd"))}, "ab"),
        ({"affinity": node_affinity(term("disk", "NotIn", "ssd"))}, "bc"),
        ({"affinity": node_affinity(term("disk", "Exists"))}, "ab"),
        ({"affinity": node_affinity(term("disk", "DoesNotExist"))}, "c"),
        ({"affinity": node_affinity(term("size", "Gt", "3"))}, "a"),
        ({"affinity": node_affinity(term("size", "Lt", "3"))}, "b"),
        ({"affinity": node_affinity(term("size", "Gt", "3"), term("size", "Lt", "3"))}, "ab"),
        ({"affinity": node_affinity(fields=[term(NAME, "In", "c")])}, "c"),
        ({"affinity": node_affinity(fields=[term(NAME, "NotIn", "c")])}, "ab"),
        ({"affinity": node_affinity(fields=[term("metadata.uid", "In", "c")])}, ""),
        ({"nodeSelector": {"disk": "ssd"}, "affinity": node_affinity(term("size", "Lt", "3"))}, ""),
        ({"affinity": EMPTY_TERM}, ""),
        ({"affinity": node_affinity(term("size", "Gt", "much"))}, ""),
        ({"affinity": node_affinity(term("size", "Gt"))}, ""),
        ({"affinity": node_affinity(term("size", "Near", "3"))}, ""),
        ({"affinity": node_affinity(term("size", "Near", "3"), term("size", "Lt", "3"))}, "b"),
    ],
)  # fmt: skip
def test_a_demand_matches_nodes(spec: Object, matching: str) -> None:
    machines = {"a": {"disk": "ssd", "size": "5"}, "b": {"disk": "hdd", "size": "1"}, "c": {}}
    demand = node_demand(spec)
    assert "".join(name for name, labels in machines.items() if demand.matches(name, labels)) == matching
    assert demand.is_everything == (not spec)


def test_a_term_of_nothing_matches_nothing() -> None:
    assert not NO_NODE.matches("n", {"a": "b"})


def test_no_selector_is_not_one_without_terms() -> None:
    assert node_terms(None) is None
    assert node_terms({"nodeSelectorTerms": []}) == ()
