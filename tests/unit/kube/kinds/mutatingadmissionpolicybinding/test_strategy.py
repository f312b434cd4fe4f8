"""Defaults and rules of MutatingAdmissionPolicyBindings, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made
from wherry.kube.kinds.mutatingadmissionpolicybinding import KIND
from wherry.kube.machinery.model import Object

RULE = {"operations": ["DELETE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"policyName": "p"}, []),
        ({"policyName": "p", "matchResources": {}}, []),
        ({}, ["spec.policyName: Required value"]),
        ({"policyName": "p", "matchResources": {"resourceRules": [RULE]}},
         ['spec.matchResources.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", '
          '"CONNECT", "CREATE", "UPDATE"']),
        ({"policyName": "p", "paramRef": {"parameterNotFoundAction": "Deny"}},
         ["spec.paramRef: Required value: one of name or selector must be specified"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    obj = made(KIND, spec={"policyName": "p"})
    assert KIND.cells(obj, NOW) == ("a", "p", "<unset>", "2m5s")
    assert KIND.strategy.warnings(obj, None)
