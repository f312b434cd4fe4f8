"""Defaults and rules of StatefulSets, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made, with_status
from tests.unit.kube.kinds.workloads import workload
from wherry.kube.kinds.statefulset import KIND
from wherry.kube.machinery import names
from wherry.kube.machinery.model import Object

STORAGE = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}


def claim(**spec: Any) -> Object:
    return {"metadata": {"name": "data"}, "spec": {**STORAGE, **spec}}


def test_what_is_left_out_is_filled_in() -> None:
    spec = made(KIND, spec=workload(volumeClaimTemplates=[claim()]))["spec"]
    assert spec["podManagementPolicy"] == "OrderedReady"
    assert spec["replicas"] == 1
    assert spec["updateStrategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"partition": 0, "maxUnavailable": 1},
    }
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (template,) = spec["volumeClaimTemplates"]
    assert (template["apiVersion"], template["kind"]) == ("v1", "PersistentVolumeClaim")
    assert template["status"] == {"phase": "Pending"}
    assert template["spec"]["volumeMode"] == "Filesystem"
    assert template["spec"]["resources"]["requests"]["storage"] == "1Gi"


def test_a_new_one_has_no_pods() -> None:
    assert made(KIND, spec=workload())["status"] == {"replicas": 0, "availableReplicas": 0}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        ({"podManagementPolicy": "Any"},
         ["spec.podManagementPolicy: Invalid value: \"Any\": must be 'OrderedReady' or 'Parallel'"]),
        ({"updateStrategy": {"type": "Soon"}},
         ["spec.updateStrategy: Invalid value: {\"type\":\"Soon\"}: must be 'RollingUpdate' or 'OnDelete'"]),
        ({"updateStrategy": {"type": "OnDelete", "rollingUpdate": {}}},
         ["spec.updateStrategy.rollingUpdate: Invalid value: {}: only allowed for updateStrategy 'RollingUpdate'"]),
        ({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": -1, "maxUnavailable": 0}}},
         ["spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0",
          "spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0"]),
        ({"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Lose"}},
         ['spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Lose": '
          'supported values: "Retain", "Delete"']),
        ({"ordinals": {"start": -1}},
         ["spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0"]),
        ({"serviceName": "Not_A_Label"},
         [f'spec.serviceName: Invalid value: "Not_A_Label": {names.dns1123_label("Not_A_Label")[0]}']),
        ({"selector": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for statefulset"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=workload(**spec)) == errors


def test_only_a_few_fields_change() -> None:
    old = made(KIND, spec=workload())
    assert changed(KIND, old, spec=workload(replicas=3, minReadySeconds=1)) == []
    assert changed(KIND, old, spec=workload(serviceName="other")) == [
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' "
        "are forbidden"
    ]


def test_a_status_adds_up() -> None:
    old = made(KIND, spec=workload())
    assert with_status(KIND, old, replicas=1, readyReplicas=1, availableReplicas=1) == []
    assert with_status(KIND, old, replicas=1, currentReplicas=2) == [
        "status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas"
    ]


def test_a_history_without_end_is_warned_of() -> None:
    obj = made(KIND, spec=workload(revisionHistoryLimit=-1))
    assert list(KIND.strategy.warnings(obj, None)) == [
        "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
    ]


def test_what_is_shown() -> None:
    obj = made(KIND, spec=workload(replicas=2))
    obj["status"] = {"readyReplicas": 1}
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a", "1/2", "2m5s", "web", "nginx:1.27")
