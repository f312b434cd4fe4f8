"""Parameters and variables of policies."""

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.policies.parameters import (
    shown_kind,
    shown_reference,
    validate_kind,
    validate_reference,
    validate_variable,
)
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

AT = Path("at")


@pytest.mark.parametrize(
    ("kind", "errors"),
    [
        (None, []),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, []),
        ({"apiVersion": "rules.example.com/v1", "kind": "Limit"}, []),
        ({}, ["at.apiVersion: Required value", "at.kind: Required value"]),
        ({"apiVersion": "a/b/c", "kind": "X"},
         ['at.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c']),
        ({"apiVersion": "a/", "kind": "X"}, ['at.apiVersion: Invalid value: "a/": version must be specified']),
    ],
)  # fmt: skip
def test_a_kind(kind: Object | None, errors: list[str]) -> None:
    assert said(validate_kind(kind, AT)) == errors


def test_kinds_and_versions_are_labels() -> None:
    found = said(validate_kind({"apiVersion": "A/1", "kind": "No Kind"}, AT))
    assert [error.partition(": a ")[0] for error in found] == [
        'at.apiVersion: Invalid value: "A"',
        'at.apiVersion: Invalid value: "1"',
        'at.kind: Invalid value: "No Kind": may have mixed case, but should otherwise match',
    ]


NAMED = {"name": "a", "parameterNotFoundAction": "Deny"}


@pytest.mark.parametrize(
    ("reference", "errors"),
    [
        (None, []),
        (NAMED, []),
        ({"selector": {}, "parameterNotFoundAction": "Allow"}, []),
        ({**NAMED, "selector": {}},
         ["at.name: Forbidden: name and selector are mutually exclusive",
          "at.selector: Forbidden: name and selector are mutually exclusive"]),
        ({"parameterNotFoundAction": "Deny"}, ["at: Required value: one of name or selector must be specified"]),
        ({"name": "a"}, ["at.parameterNotFoundAction: Required value"]),
        ({**NAMED, "parameterNotFoundAction": "Ask"},
         ['at.parameterNotFoundAction: Unsupported value: "Ask": supported values: "Allow", "Deny"']),
        ({**NAMED, "name": "a/b"}, ["at.name: Invalid value: \"a/b\": may not contain '/'"]),
    ],
)  # fmt: skip
def test_a_reference(reference: Object | None, errors: list[str]) -> None:
    assert said(validate_reference(reference, AT)) == errors


@pytest.mark.parametrize(
    ("variable", "errors"),
    [
        ({"name": "_a1", "expression": "1"}, []),
        ({}, ["at.name: Required value: name is not specified",
              "at.expression: Required value: expression is not specified"]),
        ({"name": "1a", "expression": "1"}, ['at.name: Invalid value: "1a": name is not a valid CEL identifier']),
        ({"name": "namespace", "expression": "1"},
         ['at.name: Invalid value: "namespace": name is not a valid CEL identifier']),
    ],
)  # fmt: skip
def test_a_variable(variable: Object, errors: list[str]) -> None:
    assert said(validate_variable(variable, AT)) == errors


def test_what_columns_show() -> None:
    assert shown_kind({"apiVersion": "v1", "kind": "ConfigMap"}) == "v1/ConfigMap"
    assert shown_kind(None) == shown_reference(None) == "<unset>"
    assert shown_reference({"name": "a"}) == "*/a"
    assert shown_reference({"name": "a", "namespace": "n"}) == "n/a"
    assert shown_reference({"selector": {"matchLabels": {"a": "b"}}}) == "a=b"
