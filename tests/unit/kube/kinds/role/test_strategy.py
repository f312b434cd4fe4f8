"""Rules of Roles."""

from datetime import UTC, datetime

import pytest

from wherry.kube.kinds.model import Context
from wherry.kube.kinds.role import KIND
from wherry.kube.kinds.role.strategy import validate_rules
from wherry.kube.machinery.model import Object

CONTEXT = Context(datetime(2026, 1, 1, tzinfo=UTC))
GOOD = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}


def said(*rules: Object) -> list[str]:
    return [str(each) for each in KIND.strategy.validate({"metadata": {"name": "r"}, "rules": list(rules)}, CONTEXT)]


def test_a_good_role() -> None:
    assert said(GOOD, {**GOOD, "resourceNames": ["x"]}) == []
    assert said() == []
    assert list(KIND.strategy.validate({"metadata": {}}, CONTEXT)) == []


@pytest.mark.parametrize(
    ("rule", "errors"),
    [
        ({}, ["rules[0].verbs: Required value: verbs must contain at least one value",
              "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
              "rules[0].resources: Required value: resource rules must supply at least one resource"]),
        ({**GOOD, "verbs": []}, ["rules[0].verbs: Required value: verbs must contain at least one value"]),
        ({"verbs": ["get"], "nonResourceURLs": ["/a"]},
         ['rules[0].nonResourceURLs: Invalid value: ["/a"]: namespaced rules cannot apply to non-resource URLs']),
        ({**GOOD, "nonResourceURLs": ["/a"]},
         ['rules[0].nonResourceURLs: Invalid value: ["/a"]: namespaced rules cannot apply to non-resource URLs',
          'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and '
          "non-resource URLs"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule(rule: Object, errors: list[str]) -> None:
    assert said(rule) == errors


def test_a_cluster_roles_rules_may_be_about_paths() -> None:
    assert validate_rules({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/a"]}]}, is_namespaced=False) == []


def test_what_it_is() -> None:
    assert KIND.namespaced
    assert KIND.name_is_free
    assert not KIND.has_status
    assert KIND.schema().child("rules") is not None
