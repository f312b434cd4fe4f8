"""Defaults and rules of ReplicaSets, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made, with_status
from tests.unit.kube.kinds.workloads import template, workload
from wherry.kube.kinds.replicaset import KIND
from wherry.kube.machinery.model import Object


def test_a_new_one_has_one_pod_to_make_and_none_yet() -> None:
    obj = made(KIND, spec=workload())
    assert obj["spec"]["replicas"] == 1
    assert obj["status"] == {"replicas": 0}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        ({"replicas": -1, "minReadySeconds": -2},
         ["spec.replicas: Invalid value: -1: must be greater than or equal to 0",
          "spec.minReadySeconds: Invalid value: -2: must be greater than or equal to 0"]),
        ({"selector": None},
         ["spec.selector: Required value",
          'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']),
        ({"selector": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
        ({"template": template(activeDeadlineSeconds=5)},
         ["spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=workload(**spec)) == errors


def test_a_selector_never_changes() -> None:
    spec = workload(selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]})
    (error,) = changed(KIND, made(KIND, spec=workload()), spec=spec)
    assert error.startswith("spec.selector: Invalid value: ")
    assert error.endswith(": field is immutable")


def test_a_status_adds_up() -> None:
    old = made(KIND, spec=workload())
    assert with_status(KIND, old, replicas=1, readyReplicas=1, availableReplicas=1) == []
    assert with_status(KIND, old, replicas=1, readyReplicas=0, availableReplicas=2) == [
        "status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas",
    ]


def test_what_is_shown() -> None:
    obj = made(KIND, spec=workload(replicas=2))
    obj["status"] = {"replicas": 2, "readyReplicas": 1}
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a", 2, 2, 1, "2m5s", "web", "nginx:1.27", "app=web")
    assert KIND.fields(obj)["status.replicas"] == "2"
