"""Defaults and rules of ValidatingAdmissionPolicyBindings, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made
from wherry.kube.kinds.validatingadmissionpolicybinding import KIND
from wherry.kube.machinery.model import Object

GOOD = {"policyName": "p", "validationActions": ["Deny"]}


def test_matching_is_filled_in() -> None:
    spec = made(KIND, spec={**GOOD, "matchResources": {}})["spec"]
    assert spec["matchResources"]["matchPolicy"] == "Equivalent"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        ({"policyName": ""}, ["spec.policyName: Required value"]),
        ({"validationActions": []},
         ["spec.validationActions: Required value: at least one validation action is required"]),
        ({"validationActions": ["Deny", "Deny", "Cry"]},
         ['spec.validationActions[1]: Duplicate value: "Deny"',
          'spec.validationActions[2]: Unsupported value: "Cry": supported values: "Audit", "Deny", "Warn"']),
        ({"validationActions": ["Deny", "Warn"]},
         ['spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the '
          "same validation failure information in the API response and headers serves no purpose)"]),
        ({"paramRef": {"name": "a"}}, ["spec.paramRef.parameterNotFoundAction: Required value"]),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str]) -> None:
    assert created(KIND, spec={**GOOD, **fields}) == errors


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    reference = {"name": "a", "namespace": "n", "parameterNotFoundAction": "Deny"}
    assert KIND.cells(made(KIND, spec={**GOOD, "paramRef": reference}), NOW) == ("a", "p", "n/a", "2m5s")
    assert KIND.strategy.warnings(made(KIND, spec=GOOD), None)
