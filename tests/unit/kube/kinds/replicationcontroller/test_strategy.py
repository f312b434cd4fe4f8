import copy
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made, pod_spec, with_status
from wherry.kube.kinds.replicationcontroller import KIND
from wherry.kube.machinery.model import Object


def spec(**fields: Any) -> Object:
    return {"template": {"metadata": {"labels": {"app": "web"}}, "spec": pod_spec()}, **fields}


def test_labels_of_the_template_are_those_of_all() -> None:
    found = made(KIND, spec=spec())
    assert found["spec"]["selector"] == found["metadata"]["labels"] == {"app": "web"}
    assert found["spec"]["replicas"] == 1
    assert found["status"] == {"replicas": 0}
    again = copy.deepcopy(found)
    KIND.strategy.default(again)
    assert again == found


def test_what_was_said_stays() -> None:
    found = made(KIND, metadata={"labels": {"own": "label"}}, spec=spec(replicas=0, selector={"app": "web"}))
    assert found["metadata"]["labels"] == {"own": "label"}
    assert found["spec"]["replicas"] == 0


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        ({"replicas": -1}, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        ({"minReadySeconds": -1}, ["spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0"]),
        (
            {"selector": {"app": "other"}},
            [
                'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template '
                "`labels`"
            ],
        ),
        ({"template": None}, ["spec.selector: Required value", "spec.template: Required value"]),
        (
            {"template": {"metadata": {"labels": {"app": "web"}}, "spec": pod_spec(restartPolicy="Never")}},
            ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
        ),
    ],
)
def test_controllers(fields: dict[str, Any], errors: list[str]) -> None:
    assert created(KIND, spec=copy.deepcopy(spec(**fields))) == errors


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        ({"replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 2, "availableReplicas": 1}, []),
        (
            {"replicas": -1},
            [
                "status.replicas: Invalid value: -1: must be greater than or equal to 0",
                *(
                    f"status.{name}Replicas: Invalid value: 0: cannot be greater than status.replicas"
                    for name in ("fullyLabeled", "ready", "available")
                ),
            ],
        ),
        (
            {"replicas": 1, "readyReplicas": 2},
            ["status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"],
        ),
        (
            {"replicas": 2, "availableReplicas": 1},
            ["status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas"],
        ),
    ],
)
def test_statuses(status: dict[str, int], errors: list[str]) -> None:
    assert with_status(KIND, made(KIND, spec=spec()), **status) == errors


def test_a_row_fields_and_warnings() -> None:
    assert KIND.cells is not None
    found = made(KIND, spec=spec(replicas=3))
    found["status"] = {"replicas": 2, "readyReplicas": 1}
    assert list(KIND.cells(found, NOW)) == ["a", 3, 2, 1, "2m5s", "web", "nginx:1.27", "app=web"]
    assert KIND.fields(found)["status.replicas"] == "2"
    assert KIND.strategy.warnings(found, None) == []
