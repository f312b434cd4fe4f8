"""Defaults and rules of definitions."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.kube.kinds.customresourcedefinition.examples import crd, version
from wherry.kube.kinds.customresourcedefinition import CLEANUP, KIND
from wherry.kube.kinds.customresourcedefinition.conditions import conditions
from wherry.kube.kinds.customresourcedefinition.strategy import UNCHECKED
from wherry.kube.kinds.model import Context

NOW = Context(datetime(2026, 1, 2, tzinfo=UTC))
STRATEGY = KIND.strategy


def created(**spec: Any) -> dict[str, Any]:
    obj = crd(**spec)
    STRATEGY.default(obj)
    STRATEGY.prepare_create(obj, NOW)
    return obj


def established(**spec: Any) -> dict[str, Any]:
    obj = created(**spec)
    obj["status"] = conditions(obj, [], NOW.now)
    return obj


def said(obj: dict[str, Any]) -> list[str]:
    return [str(each) for each in STRATEGY.validate(obj, NOW)]


def said_of_update(new: dict[str, Any], old: dict[str, Any]) -> list[str]:
    STRATEGY.prepare_update(new, old, NOW)
    return [str(each) for each in STRATEGY.validate_update(new, old, NOW)]


def test_what_is_left_out_is_filled_in() -> None:
    obj = {"spec": {"names": {"kind": "Widget", "plural": "widgets"}}}
    STRATEGY.default(obj)
    assert obj["spec"] == {
        "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
        "conversion": {"strategy": "None"},
    }
    once = copy.deepcopy(obj)
    STRATEGY.default(obj)
    assert obj == once


def test_a_right_definition_is_accepted_and_stores_its_version() -> None:
    obj = created()
    assert said(obj) == []
    assert obj["status"]["storedVersions"] == ["v1"]
    assert KIND.default_finalizers == (CLEANUP,)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"group": "example"}, 'spec.group: Invalid value: "example": should be a domain with at least one dot'),
        ({"group": ""}, "spec.group: Required value"),
        ({"scope": ""}, "spec.scope: Required value"),
        ({"scope": "Galaxy"}, 'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"'),
        ({"names": {"plural": "widgets"}}, "spec.names.kind: Required value"),
        ({"conversion": {"strategy": "Magic"}},
         'spec.conversion.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"'),
        ({"conversion": {"strategy": "Webhook", "webhook": {}}},
         "spec.conversion.strategy: Forbidden: this server does not convert by webhooks yet: use None"),
        ({"conversion": {"strategy": "None", "webhook": {}}},
         "spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook"),
        ({"preserveUnknownFields": True},
         "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set "
         "x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(spec: dict[str, Any], text: str) -> None:
    assert text in said(created(**spec))


def test_a_definition_is_called_what_it_defines() -> None:
    obj = created()
    obj["metadata"]["name"] = "other.example.com"
    assert said(obj) == ['metadata.name: Invalid value: "other.example.com": must be spec.names.plural+"."+spec.group']


def test_what_the_places_of_objects_depend_on_stays() -> None:
    old = established()
    new = copy.deepcopy(old)
    new["spec"]["scope"] = "Cluster"
    new["spec"]["names"]["kind"] = "Gadget"
    assert said_of_update(new, old) == [
        'spec.scope: Invalid value: "Cluster": field is immutable',
        'spec.names.kind: Invalid value: "Gadget": field is immutable',
    ]
    assert said_of_update(copy.deepcopy(old), old) == []


def test_before_it_is_served_some_of_it_may_change() -> None:
    old = created()
    new = copy.deepcopy(old)
    new["spec"]["scope"] = "Cluster"
    assert said_of_update(new, old) == []
    new["spec"]["group"] = "other.com"
    assert said_of_update(new, old) == ['spec.group: Invalid value: "other.com": field is immutable']


def test_a_new_storage_version_is_remembered_with_the_old_one() -> None:
    old = established()
    new = copy.deepcopy(old)
    new["status"] = old["status"]
    new["spec"]["versions"] = [version("v1", storage=False), version("v2")]
    assert said_of_update(new, old) == []
    assert new["status"]["storedVersions"] == ["v1", "v2"]
    assert old["status"]["storedVersions"] == ["v1"]


def test_a_version_that_objects_may_be_stored_in_does_not_go() -> None:
    old = established()
    new = copy.deepcopy(old)
    new["spec"]["versions"] = [version("v2")]
    (error,) = said_of_update(new, old)
    assert error.startswith('status.storedVersions[0]: Invalid value: "v1": missing from spec.versions')


def test_a_status_is_checked_too() -> None:
    obj = established()
    obj["status"]["acceptedNames"]["kind"] = "9"
    (error,) = STRATEGY.validate_status_update(obj, obj, NOW)
    assert error.field == "status.acceptedNames.kind"


def test_what_nobody_checks_is_told() -> None:
    odd = {"a": {"type": "string", "format": "odd", "x-kubernetes-validations": [{"rule": "self != ''"}]}}
    obj = created(versions=[version(properties=odd)])
    assert said(obj) == []
    assert STRATEGY.warnings(obj, None) == ['unrecognized format "odd"', UNCHECKED]
    assert STRATEGY.warnings(obj, obj) == [UNCHECKED]
    assert STRATEGY.warnings(created(), None) == []
