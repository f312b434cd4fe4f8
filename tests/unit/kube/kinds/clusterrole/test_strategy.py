"""Rules of ClusterRoles."""

from datetime import UTC, datetime

from wherry.kube.kinds.clusterrole import KIND
from wherry.kube.kinds.model import Context
from wherry.kube.machinery.model import Object

CONTEXT = Context(datetime(2026, 1, 1, tzinfo=UTC))


def said(**fields: object) -> list[str]:
    role: Object = {"metadata": {"name": "r"}, **fields}
    return [str(each) for each in KIND.strategy.validate(role, CONTEXT)]


def test_paths_are_fine_but_not_beside_resources() -> None:
    paths = {"verbs": ["get"], "nonResourceURLs": ["/a"]}
    assert said(rules=[paths]) == []
    assert said(rules=[{**paths, "resources": ["pods"]}]) == [
        'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and '
        "non-resource URLs"
    ]


def test_who_aggregates_says_what() -> None:
    selector = {"matchLabels": {"a": "b"}}
    assert said(aggregationRule={"clusterRoleSelectors": [selector]}) == []
    for nothing in ({}, {"clusterRoleSelectors": []}):
        assert said(aggregationRule=nothing) == [
            "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if "
            "aggregationRule is non-nil"
        ]


def test_by_selectors_that_are_some() -> None:
    broken = {"matchExpressions": [{"key": "a", "operator": "Near"}]}
    assert said(aggregationRule={"clusterRoleSelectors": [broken]}) == [
        'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Near": not a valid '
        "selector operator"
    ]


def test_what_it_is() -> None:
    assert not KIND.namespaced
    assert KIND.name_is_free
    assert KIND.schema().child("aggregationRule") is not None
