"""Which requests a webhook or a policy is about."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.webhooks.rules import default_rules, validate_conditions, validate_named_rule, validate_rule
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

AT = Path("rule")


def rule(**fields: Any) -> Object:
    return {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], **fields}


def test_a_rule_is_about_both_scopes() -> None:
    rules: list[Object] = [{}, {"scope": "Cluster"}]
    default_rules(rules)
    default_rules(None)
    assert rules == [{"scope": "*"}, {"scope": "Cluster"}]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (rule(), []),
        (rule(operations=["*"], apiGroups=["*"], apiVersions=["*"], resources=["*/*"], scope="*"), []),
        (rule(resources=["pods", "pods/status", "*/scale"]), []),
        ({}, [f"rule.{field}: Required value" for field in ("operations", "apiGroups", "apiVersions", "resources")]),
        (rule(operations=["LIST"]),
         ['rule.operations[0]: Unsupported value: "LIST": supported values: "*", "CONNECT", "CREATE", "DELETE", '
          '"UPDATE"']),
        (rule(operations=["*", "CREATE"]),
         ['rule.operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations']),
        (rule(apiGroups=["*", "apps"]),
         ['rule.apiGroups: Invalid value: ["*","apps"]: if \'*\' is present, must not specify other API groups']),
        (rule(apiVersions=["*", ""]),
         ['rule.apiVersions: Invalid value: ["*",""]: if \'*\' is present, must not specify other API versions',
          "rule.apiVersions[1]: Required value"]),
        (rule(resources=["", "pods/*", "pods/log"]),
         ["rule.resources[0]: Required value",
          "rule.resources[2]: Invalid value: \"pods/log\": if 'pods/*' is present, must not specify pods/log"]),
        (rule(resources=["*/scale", "x/scale"]),
         ["rule.resources[1]: Invalid value: \"x/scale\": if '*/scale' is present, must not specify x/scale"]),
        (rule(resources=["*/*", "pods"]),
         ['rule.resources: Invalid value: ["*/*","pods"]: if \'*/*\' is present, must not specify other resources']),
        (rule(resources=["*", "pods"]),
         ['rule.resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources without '
          "subresources"]),
        (rule(scope="Node"),
         ['rule.scope: Unsupported value: "Node": supported values: "*", "Cluster", "Namespaced"']),
    ],
)  # fmt: skip
def test_a_rule(fields: Object, errors: list[str]) -> None:
    assert said(validate_rule(fields, AT)) == errors


def test_a_rule_may_name_objects() -> None:
    assert said(validate_named_rule(rule(resourceNames=["a", "b"]), AT)) == []
    assert said(validate_named_rule(rule(resourceNames=["a/b", "a/b"]), AT)) == [
        "rule.resourceNames[0]: Invalid value: \"a/b\": may not contain '/'",
        "rule.resourceNames[1]: Invalid value: \"a/b\": may not contain '/'",
        'rule.resourceNames[1]: Duplicate value: "a/b"',
    ]


def condition(name: str = "a", expression: str = "true") -> Object:
    return {"name": name, "expression": expression}


@pytest.mark.parametrize(
    ("conditions", "errors"),
    [
        ([condition()], []),
        ([condition(), condition()], ['at[1].name: Duplicate value: "a"']),
        ([condition("", " ")], ["at[0].expression: Required value", "at[0].name: Required value"]),
        ([condition(f"c{n}") for n in range(65)], ["at: Too many: 65: must have at most 64 items"]),
    ],
)
def test_conditions(conditions: list[Object], errors: list[str]) -> None:
    assert said(validate_conditions(conditions, Path("at"))) == errors
