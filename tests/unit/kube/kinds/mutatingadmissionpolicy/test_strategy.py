"""Defaults and rules of MutatingAdmissionPolicies, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made
from wherry.kube.kinds.mutatingadmissionpolicy import KIND
from wherry.kube.machinery.model import Object

RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
PATCH = {"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}


def policy(**fields: Any) -> Object:
    matching = {"resourceRules": [dict(RULE)]}
    return {"matchConstraints": matching, "mutations": [PATCH], "reinvocationPolicy": "Never", **fields}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        ({"reinvocationPolicy": ""}, ["spec.reinvocationPolicy: Required value"]),
        ({"mutations": []}, ["spec.mutations: Required value: mutations must contain at least one item"]),
        ({"mutations": [{}]}, ["spec.mutations[0].patchType: Required value"]),
        ({"mutations": [{"patchType": "Ed"}]},
         ['spec.mutations[0].patchType: Unsupported value: "Ed": supported values: "ApplyConfiguration", '
          '"JSONPatch"']),
        ({"mutations": [{"patchType": "JSONPatch"}]},
         ["spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch"]),
        ({"mutations": [{**PATCH, "applyConfiguration": {}}]},
         ['spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when '
          "patchType is JSONPatch"]),
        ({"mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": " "}}]},
         ["spec.mutations[0].applyConfiguration.expression: Required value"]),
        ({"matchConstraints": {"resourceRules": [{**RULE, "operations": ["DELETE"]}]}},
         ['spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", '
          '"CONNECT", "CREATE", "UPDATE"']),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str]) -> None:
    assert created(KIND, spec=policy(**fields)) == errors


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec=policy()), NOW) == ("a", 1, "<unset>", "2m5s")
    assert KIND.strategy.warnings(made(KIND, spec=policy()), None)
