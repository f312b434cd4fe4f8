"""Parts of devices and of claims for them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.devices.examples import opaque
from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.devices import parts
from wherry.kube.machinery.fielderrors import Path, invalid
from wherry.kube.machinery.model import Object

AT = Path("at")


def test_of_too_many_only_the_number_is_said() -> None:
    def refuse(item: object, path: Path) -> Any:
        return [invalid(path, item, "no")]

    assert said(parts.listed(AT, [1, 2], 1, refuse)) == ["at: Too many: 2: must have at most 1 item"]
    assert said(parts.listed(AT, [1], 1, refuse)) == ["at[0]: Invalid value: 1: no"]
    named = [{"name": "a"}, {"name": "a"}]
    assert said(parts.keyed(AT, named, 2, lambda item, path: [], parts.named)) == ['at[1]: Duplicate value: "a"']
    assert said(parts.keyed(AT, ["a", "b"], 1, refuse, parts.itself)) == ["at: Too many: 2: must have at most 1 item"]


@pytest.mark.parametrize(
    ("selector", "errors"),
    [
        ({"cel": {"expression": "true"}}, []),
        ({}, ["at[0].cel: Required value"]),
        ({"cel": {"expression": " "}}, ["at[0].cel.expression: Required value"]),
        ({"cel": {"expression": "x" * 10241}}, ["at[0].cel.expression: Too long: may not be more than 10240 bytes"]),
    ],
)
def test_a_selector(selector: Object, errors: list[str]) -> None:
    assert said(parts.validate_selectors([selector], AT)) == errors


@pytest.mark.parametrize(
    ("config", "errors"),
    [
        (opaque(), []),
        ({}, ["at.opaque: Required value"]),
        ({"opaque": {"driver": "a.io"}}, ["at.opaque.parameters: Required value"]),
        (opaque([1]), ['at.opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object']),
        (opaque({"a": "x" * 10240}), ["at.opaque.parameters: Too long: may not be more than 10240 bytes"]),
    ],
)
def test_a_configuration(config: Object, errors: list[str]) -> None:
    assert said(parts.validate_configuration(config, AT)) == errors


@pytest.mark.parametrize(
    ("taint", "errors"),
    [
        ({"key": "a", "value": "b", "effect": "NoSchedule"}, []),
        ({"key": "a"}, ["at.effect: Required value"]),
        ({"key": "a", "effect": "PreferNoSchedule"},
         ['at.effect: Unsupported value: "PreferNoSchedule": supported values: "NoExecute", "NoSchedule", "None"']),
    ],
)  # fmt: skip
def test_a_taint(taint: Object, errors: list[str]) -> None:
    assert said(parts.validate_taint(taint, AT)) == errors


@pytest.mark.parametrize(
    ("toleration", "errors"),
    [
        ({"operator": "Exists"}, []),
        ({"key": "a", "operator": "Equal", "value": "b", "effect": "None"}, []),
        ({"operator": "Exists", "value": "b"},
         ['at.value: Invalid value: "b": must be empty for operator `Exists`']),
        ({}, ["at.operator: Required value"]),
        ({"operator": "Near", "effect": "Some"},
         ['at.operator: Unsupported value: "Near": supported values: "Equal", "Exists"',
          'at.effect: Unsupported value: "Some": supported values: "NoExecute", "NoSchedule", "None"']),
    ],
)  # fmt: skip
def test_a_toleration(toleration: Object, errors: list[str]) -> None:
    assert said(parts.validate_toleration(toleration, AT)) == errors


@pytest.mark.parametrize(
    ("good", "bad", "errors"),
    [
        ([], [], []),
        (["a"], ["b"], []),
        (["a"], [], ["at.bindingFailureConditions: Invalid value: []: bindingFailureConditions are required to use "
                     "bindingConditions"]),
        ([], ["a"], ["at.bindingConditions: Invalid value: []: bindingConditions are required to use "
                     "bindingFailureConditions"]),
        (["a", "a"], ["a", "b", "b"],
         ['at.bindingConditions[1]: Duplicate value: "a"',
          'at.bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with '
          "bindingConditions",
          'at.bindingFailureConditions[2]: Duplicate value: "b"']),
        (list("abcde"), ["f"], ["at.bindingConditions: Too many: 5: must have at most 4 items"]),
    ],
)  # fmt: skip
def test_conditions_of_binding(good: list[str], bad: list[str], errors: list[str]) -> None:
    holder = {"bindingConditions": good, "bindingFailureConditions": bad}
    assert said(parts.validate_binding(holder, AT)) == errors


@pytest.mark.parametrize(
    ("operations", "errors"),
    [
        (["NodePrepareResources", "NodeUnprepareResources"], []),
        (["NodePrepareResources", "*"], []),
        (["NodePrepareResources"],
         ['at: Invalid value: ["NodePrepareResources"]: NodePrepareResources cannot be skipped unless '
          "NodeUnprepareResources is also skipped"]),
        (["*", "*"], ['at[1]: Duplicate value: "*"']),
        (["Sleep"],
         ['at[0]: Unsupported value: "Sleep": supported values: "*", "NodePrepareResources", '
          '"NodeUnprepareResources"']),
    ],
)  # fmt: skip
def test_operations_that_are_skipped(operations: list[str], errors: list[str]) -> None:
    assert said(parts.validate_skipped(operations, AT)) == errors
