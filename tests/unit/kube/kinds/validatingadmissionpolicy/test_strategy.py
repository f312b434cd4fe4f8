"""Defaults and rules of ValidatingAdmissionPolicies, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made, with_status
from wherry.kube.kinds.validatingadmissionpolicy import KIND
from wherry.kube.machinery.model import Object

RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}


def policy(**fields: Any) -> Object:
    return {"matchConstraints": {"resourceRules": [dict(RULE)]}, "validations": [{"expression": "true"}], **fields}


def test_what_is_left_out_is_filled_in() -> None:
    spec = made(KIND, spec=policy())["spec"]
    assert spec["failurePolicy"] == "Fail"
    assert spec["matchConstraints"]["matchPolicy"] == "Equivalent"


NOTHING = "Required value: validations or auditAnnotations must contain at least one item"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        ({"validations": [], "auditAnnotations": [{"key": "k", "valueExpression": "'a'"}]}, []),
        ({"matchConstraints": None}, ["spec.matchConstraints: Required value"]),
        ({"failurePolicy": "Cry"},
         ['spec.failurePolicy: Unsupported value: "Cry": supported values: "Fail", "Ignore"']),
        ({"validations": []}, [f"spec.validations: {NOTHING}", f"spec.auditAnnotations: {NOTHING}"]),
        ({"validations": [{"expression": " "}]},
         ["spec.validations[0].expression: Required value: expression is not specified"]),
        ({"validations": [{"expression": "a", "message": " ", "messageExpression": " "}]},
         ['spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
          'spec.validations[0].message: Invalid value: " ": message must be non-empty if specified']),
        ({"validations": [{"expression": "a", "message": "a\nb"}]},
         ['spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks']),
        ({"validations": [{"expression": "a", "reason": "Bored"}]},
         ['spec.validations[0].reason: Unsupported value: "Bored": supported values: "Forbidden", "Invalid", '
          '"RequestEntityTooLarge"']),
        ({"auditAnnotations": [{"key": "k", "valueExpression": ""}, {"key": "k", "valueExpression": "x" * 5121}]},
         ["spec.auditAnnotations[0].valueExpression: Required value: valueExpression is not specified",
          "spec.auditAnnotations[1].valueExpression: Required value: must not exceed 5120 bytes in length",
          'spec.auditAnnotations[1].key: Duplicate value: "k"']),
        ({"variables": [{"name": "if", "expression": "1"}]},
         ['spec.variables[0].name: Invalid value: "if": name is not a valid CEL identifier']),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str]) -> None:
    assert created(KIND, spec=policy(**fields)) == errors


def test_annotations_are_few() -> None:
    many = [{"key": f"k{n}", "valueExpression": "1"} for n in range(21)]
    (error,) = created(KIND, spec=policy(auditAnnotations=many))
    assert error.endswith("must not have more than 20 auditAnnotations")


def test_a_status() -> None:
    old = made(KIND, spec=policy())
    assert with_status(KIND, old, typeChecking={"expressionWarnings": [{}]}) == [
        "status.typeChecking.expressionWarnings[0].warning: Required value",
        "status.typeChecking.expressionWarnings[0].fieldRef: Required value",
    ]


def test_every_write_says_that_it_is_not_enforced() -> None:
    obj = made(KIND, spec=policy())
    assert list(KIND.strategy.warnings(obj, obj)) == [
        "this server keeps admission policies but does not enforce them yet"
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    obj = made(KIND, spec=policy(paramKind={"apiVersion": "v1", "kind": "ConfigMap"}))
    assert KIND.cells(obj, NOW) == ("a", 1, "v1/ConfigMap", "2m5s")
