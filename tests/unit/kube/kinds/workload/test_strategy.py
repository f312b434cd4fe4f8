"""Rules of Workloads."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import changed, created, made
from wherry.kube.kinds.workload import KIND
from wherry.kube.machinery.model import Object


def template(name: str = "t", **fields: Any) -> Object:
    return {"name": name, "schedulingPolicy": {"gang": {"minCount": 2}}, **fields}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"podGroupTemplates": [template()]}, []),
        ({"podGroupTemplates": [template()], "controllerRef": {"apiGroup": "batch", "kind": "Job", "name": "j"}}, []),
        ({}, ["spec.podGroupTemplates: Required value"]),
        ({"podGroupTemplates": [template(), template()]}, ['spec.podGroupTemplates[1]: Duplicate value: "t"']),
        ({"podGroupTemplates": [template(f"t{n}") for n in range(9)]},
         ["spec.podGroupTemplates: Too many: 9: must have at most 8 items"]),
        ({"podGroupTemplates": [template(), template("u", priority=5)]},
         ["spec: Invalid value: null: detected multiple priority configurations"]),
        ({"podGroupTemplates": [template()], "controllerRef": {}},
         ["spec.controllerRef.kind: Required value", "spec.controllerRef.name: Required value"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_templates_neither_come_nor_go() -> None:
    old = made(KIND, spec={"podGroupTemplates": [template()]})
    larger = template(schedulingPolicy={"gang": {"minCount": 5}})
    assert changed(KIND, old, spec={"podGroupTemplates": [larger]}) == []
    (error,) = changed(KIND, old, spec={"podGroupTemplates": [template(), template("u")]})
    assert error.startswith("spec.podGroupTemplates: Invalid value: ")
    assert error.endswith(": field is immutable")


def test_alpha_fields_are_dropped() -> None:
    spec = {"podGroupTemplates": [template()], "compositePodGroupTemplates": []}
    assert "compositePodGroupTemplates" not in made(KIND, spec=spec)["spec"]
