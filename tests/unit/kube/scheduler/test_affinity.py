"""Reading affinity."""

import pytest

from tests.unit.kube.scheduler.objects import WEB, node_affinity, pod, pod_affinity, read, term
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.nodeselectors import NO_NODE, node_demand
from wherry.kube.scheduler.affinity import node_preferences, only_nodes

NAME = "metadata.name"


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
    assert found[0].term != NO_NODE


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
