"""Which requests a policy is about."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.policies.matching import (
    default_matching,
    validate_changeable,
    validate_constraints,
    validate_matching,
)
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

AT = Path("at")
RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}


def resources(**fields: Any) -> Object:
    found = {"resourceRules": [dict(RULE)], **fields}
    default_matching(found)
    return found


def test_what_is_left_out_is_filled_in() -> None:
    assert resources() == {
        "resourceRules": [{**RULE, "scope": "*"}],
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
    }
    default_matching(None)


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (resources(), []),
        (resources(matchPolicy="Near"),
         ['at.matchPolicy: Unsupported value: "Near": supported values: "Equivalent", "Exact"']),
        (resources(excludeResourceRules=[{**RULE, "operations": []}]),
         ["at.excludeResourceRules[0].operations: Required value"]),
        (resources(objectSelector={"matchLabels": {"a": "b c"}}), 1),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str] | int) -> None:
    found = said(validate_matching(fields, AT))
    assert (len(found) if isinstance(errors, int) else found) == errors


def test_a_policy_is_about_something() -> None:
    assert said(validate_constraints(None, AT)) == ["at: Required value"]
    assert said(validate_constraints(resources(resourceRules=[]), AT)) == ["at.resourceRules: Required value"]
    assert said(validate_matching(None, AT)) == []


def test_what_is_deleted_cannot_be_changed() -> None:
    assert said(validate_changeable(resources(), AT)) == said(validate_changeable(None, AT)) == []
    assert said(validate_changeable(resources(resourceRules=[{**RULE, "operations": ["DELETE"]}]), AT)) == [
        'at.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"'
    ]
