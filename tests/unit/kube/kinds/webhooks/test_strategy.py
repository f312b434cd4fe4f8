"""Defaults and rules of webhook configurations, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made
from wherry.kube.kinds import mutatingwebhookconfiguration, validatingwebhookconfiguration
from wherry.kube.machinery.model import Object

MUTATING, VALIDATING = mutatingwebhookconfiguration.KIND, validatingwebhookconfiguration.KIND
RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}


def hook(**fields: Any) -> Object:
    good = {"name": "a.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"]}
    return {**good, "clientConfig": {"service": {"namespace": "n", "name": "s"}}, **fields}


def test_what_is_left_out_is_filled_in() -> None:
    (found,) = made(VALIDATING, webhooks=[hook(rules=[dict(RULE)])])["webhooks"]
    expected = {
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "timeoutSeconds": 10,
        "namespaceSelector": {},
        "objectSelector": {},
    }
    assert {name: found[name] for name in expected} == expected
    assert found["rules"][0]["scope"] == "*"
    assert found["clientConfig"]["service"]["port"] == 443
    assert "reinvocationPolicy" not in found
    assert made(MUTATING, webhooks=[hook()])["webhooks"][0]["reinvocationPolicy"] == "Never"


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({}, []),
        ({"sideEffects": "NoneOnDryRun", "admissionReviewVersions": ["v2", "v1beta1"], "rules": [RULE]}, []),
        ({"name": "a.b"},
         ['webhooks[0].name: Invalid value: "a.b": should be a domain with at least three segments separated by '
          "dots"]),
        ({"failurePolicy": "Cry"},
         ['webhooks[0].failurePolicy: Unsupported value: "Cry": supported values: "Fail", "Ignore"']),
        ({"matchPolicy": "Near"},
         ['webhooks[0].matchPolicy: Unsupported value: "Near": supported values: "Equivalent", "Exact"']),
        ({"sideEffects": None}, ["webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun"]),
        ({"sideEffects": "Some"},
         ['webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"']),
        ({"timeoutSeconds": 31},
         ["webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds"]),
        ({"admissionReviewVersions": []},
         ["webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1"]),
        ({"admissionReviewVersions": ["v2", "v2"]},
         ['webhooks[0].admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
          'webhooks[0].admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1']),
        ({"clientConfig": {}},
         ["webhooks[0].clientConfig: Required value: exactly one of url or service is required"]),
        ({"matchConditions": [{"name": "a"}]},
         ["webhooks[0].matchConditions[0].expression: Required value"]),
    ],
)  # fmt: skip
def test_what_is_wrong(change: Object, errors: list[str]) -> None:
    for kind in (VALIDATING, MUTATING):
        assert created(kind, webhooks=[hook(**change)]) == errors


def test_only_who_changes_objects_is_asked_again() -> None:
    assert created(VALIDATING, webhooks=[hook(reinvocationPolicy="Often")]) == []
    assert created(MUTATING, webhooks=[hook(reinvocationPolicy="Often")]) == [
        'webhooks[0].reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"'
    ]


def test_names_differ() -> None:
    assert created(VALIDATING, webhooks=[hook(), hook()]) == ['webhooks[1].name: Duplicate value: "a.example.com"']


def test_every_write_says_that_nobody_is_asked() -> None:
    obj = made(MUTATING, webhooks=[hook()])
    assert list(MUTATING.strategy.warnings(obj, obj)) == [
        "this server keeps the configuration but does not call webhooks yet"
    ]
    assert not MUTATING.strategy.warnings(made(MUTATING), None)


def test_what_is_shown() -> None:
    for kind in (VALIDATING, MUTATING):
        assert kind.cells is not None
        assert kind.cells(made(kind, webhooks=[hook()]), NOW) == ("a", 1, "2m5s")
        assert kind.categories == ("api-extensions",)
