"""Defaults and rules of Deployments."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import changed, created, made, with_status
from tests.unit.kube.kinds.workloads import template, workload
from wherry.kube.kinds.deployment import KIND
from wherry.kube.machinery.model import Object


def test_what_is_left_out_is_filled_in() -> None:
    spec = made(KIND, spec=workload())["spec"]
    assert spec["replicas"] == 1
    assert spec["revisionHistoryLimit"] == 10
    assert spec["progressDeadlineSeconds"] == 600
    rolling = {"maxUnavailable": "25%", "maxSurge": "25%"}
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 30


def test_a_deployment_that_recreates_has_no_rolling_update() -> None:
    assert made(KIND, spec=workload(strategy={"type": "Recreate"}))["spec"]["strategy"] == {"type": "Recreate"}


def rolling(**fields: Any) -> Object:
    return {"strategy": {"type": "RollingUpdate", "rollingUpdate": fields}}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        ({"replicas": 0}, []),
        ({"replicas": -1}, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        ({"selector": {"matchLabels": {"app": "other"}}},
         ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']),
        ({"template": template(restartPolicy="Never")},
         ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"']),
        ({"minReadySeconds": 600},
         ["spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"]),
        ({"strategy": {"type": "Blue"}},
         ['spec.strategy: Unsupported value: {"type":"Blue"}: supported values: "Recreate", "RollingUpdate"']),
        ({"strategy": {"type": "Recreate", "rollingUpdate": {}}},
         ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]),
        (rolling(maxSurge=0, maxUnavailable=0),
         ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"]),
        (rolling(maxSurge="0%", maxUnavailable="0%"),
         ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0']),
        (rolling(maxUnavailable="200%"),
         ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "200%": must not be greater than 100%']),
        (rolling(maxSurge="200%"), []),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=workload(**spec)) == errors


def test_a_selector_never_changes() -> None:
    old = made(KIND, spec=workload())
    spec = workload(selector={"matchLabels": {"app": "web", "a": "b"}})
    spec["template"]["metadata"]["labels"]["a"] = "b"
    assert changed(KIND, old, spec=spec) == [
        'spec.selector: Invalid value: {"matchLabels":{"app":"web","a":"b"}}: field is immutable'
    ]
    assert changed(KIND, old, spec=workload(replicas=3)) == []


def test_a_status_adds_up() -> None:
    old = made(KIND, spec=workload())
    assert with_status(KIND, old, replicas=2, readyReplicas=2, availableReplicas=1) == []
    assert with_status(KIND, old, replicas=1, readyReplicas=2, availableReplicas=-1) == [
        "status.availableReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
    ]
    assert with_status(KIND, {**old, "status": {"collisionCount": 1}}) == [
        "status.collisionCount: Invalid value: 0: cannot be decremented"
    ]


def test_a_change_of_annotations_counts() -> None:
    old = made(KIND, spec=workload())
    new = {**old, "metadata": {**old["metadata"], "annotations": {"a": "b"}}}
    labelled = {**old, "metadata": {**old["metadata"], "labels": {"a": "b"}}}
    assert KIND.strategy.generation_counts(new, old)
    assert not KIND.strategy.generation_counts(labelled, old)


def test_a_name_that_is_no_label_is_warned_of() -> None:
    obj = made(KIND, metadata={"name": "a.b"}, spec=workload())
    assert len(KIND.strategy.warnings(obj, None)) == 1
    assert not KIND.strategy.warnings(obj, obj)
