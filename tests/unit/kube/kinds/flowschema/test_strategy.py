"""Defaults and rules of FlowSchemas, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made, with_status
from wherry.kube.kinds.flowschema import KIND
from wherry.kube.kinds.flowschema.strategy import mandatory
from wherry.kube.machinery.model import Object

LEVEL = {"priorityLevelConfiguration": {"name": "low"}}


def test_a_schema_is_asked_late() -> None:
    assert made(KIND, spec=LEVEL)["spec"]["matchingPrecedence"] == 1000


@pytest.mark.parametrize("name", ["exempt", "catch-all"])
def test_what_a_server_cannot_be_without(name: str) -> None:
    fixed = mandatory()[name]
    assert created(KIND, metadata={"name": name}, spec=fixed) == []
    (error,) = created(KIND, metadata={"name": name}, spec={**fixed, **LEVEL})
    assert error.endswith(f"spec of '{name}' must equal the fixed value")


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        (LEVEL, []),
        ({}, ["spec.priorityLevelConfiguration.name: Required value: must reference a priority level"]),
        ({**LEVEL, "matchingPrecedence": 0}, ["spec.matchingPrecedence: Invalid value: 0: must be a positive value"]),
        ({**LEVEL, "matchingPrecedence": 10001},
         ["spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000"]),
        ({**LEVEL, "matchingPrecedence": 1},
         ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"]),
        ({**LEVEL, "distinguisherMethod": {"type": "ByMood"}},
         ['spec.distinguisherMethod.type: Unsupported value: {"type":"ByMood"}: supported values: "ByNamespace", '
          '"ByUser"']),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_conditions_have_types() -> None:
    old = made(KIND, spec=LEVEL)
    assert with_status(KIND, old, conditions=[{"type": "a"}, {"type": "a"}, {}]) == [
        'status.conditions[1].type: Duplicate value: "a"',
        "status.conditions[2].type: Required value: must not be empty",
    ]


def test_that_requests_are_not_served_by_it_is_said() -> None:
    assert KIND.strategy.warnings(made(KIND, spec=LEVEL), None)


def test_what_is_shown() -> None:
    obj = made(KIND, spec=LEVEL)
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a", "low", 1000, "<none>", "2m5s", "?")
    obj["spec"]["distinguisherMethod"] = {"type": "ByUser"}
    obj["status"] = {"conditions": [{"type": "Dangling", "status": "False"}]}
    assert KIND.cells(obj, NOW) == ("a", "low", 1000, "ByUser", "2m5s", "False")
