"""Reading affinity."""

import pytest

from tests.unit.kube.scheduler.objects import WEB, node_affinity, pod, pod_affinity, read, term
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.affinity import node_demand, node_preferences, only_nodes
from wherry.kube.scheduler.model import NodeTerm

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
    ],
)  # fmt: skip
def test_a_demand_matches_nodes(spec: Object, matching: str) -> None:
    machines = {"a": {"disk": "ssd", "size": "5"}, "b": {"disk": "hdd", "size": "1"}, "c": {}}
    demand = node_demand(spec)
    assert "".join(name for name, labels in machines.items() if demand.matches(name, labels)) == matching
    assert demand.is_everything == (not spec)


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ([term(NAME, "In", "a")], {"a"}),
        ([term(NAME, "In", "a"), term(NAME, "In", "b")], {"a", "b"}),
        ([term(NAME, "In", "a"), term(NAME, "NotIn", "b")], None),
    ],
)
def test_where_every_term_names_a_node_only_those_are_meant(fields: list[Object], names: set[str] | None) -> None:
    found = only_nodes(node_demand({"affinity": node_affinity(fields=fields)}))
    assert found == names


def test_terms_that_contradict_themselves_name_no_node() -> None:
    both = {"matchFields": [term(NAME, "In", "a"), term(NAME, "In", "b")]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [both]}}}
    assert only_nodes(node_demand({"affinity": affinity})) == frozenset()


def test_preferences_without_weight_or_content_count_for_nothing() -> None:
    listed = [
        {"weight": 5, "preference": {"matchExpressions": [term("disk", "Exists")]}},
        {"weight": 7, "preference": {}},
        {"weight": 0, "preference": {"matchExpressions": [term("disk", "Exists")]}},
    ]
    found = node_preferences({"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": listed}})
    assert [each.weight for each in found] == [5]
    assert found[0].term != NodeTerm()


@pytest.mark.parametrize(
    ("more", "spaces"),
    [
        ({}, "x"),
        ({"namespaces": ["y", "z"]}, "yz"),
        ({"namespaceSelector": {}}, "xyz"),
        ({"namespaceSelector": {"matchLabels": {"team": "a"}}}, "y"),
        ({"namespaceSelector": {"matchLabels": {"team": "a"}}, "namespaces": ["x"]}, "xy"),
    ],
)
def test_a_term_is_about_pods_of_some_namespaces(more: Object, spaces: str) -> None:
    teams = {"x": {}, "y": {"team": "a"}, "z": {"team": "b"}}
    mine = read(pod(namespace="x", affinity=pod_affinity("podAffinity", **more)))
    scope = mine.shape.affinity[0].scope
    others = [read(pod("o", labels=WEB, namespace=name)) for name in teams]
    assert "".join(each.namespace for each in others if scope.matches(each, teams[each.namespace])) == spaces
    assert not scope.matches(read(pod("o", labels={"app": "db"}, namespace="y")), {"team": "a"})


def test_what_is_not_wanted_near_weighs_negative() -> None:
    affinity = pod_affinity("podAffinity", weight=3) | pod_affinity("podAntiAffinity", weight=4)
    assert [each.weight for each in read(pod(affinity=affinity)).shape.preferred_pods] == [3, -4]
