import copy
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CONTEXT, NOW, changed, created, made
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.persistentvolume import KIND
from wherry.kube.kinds.persistentvolume.columns import CLASS
from wherry.kube.machinery.times import rfc3339

RIGHT = {
    "capacity": {"storage": "1Gi"},
    "accessModes": ["ReadWriteOnce"],
    "hostPath": {"path": "/data"},
}
AFFINITY = {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}


def spec(**fields: Any) -> dict[str, Any]:
    return copy.deepcopy({**RIGHT, **fields})


def test_defaults() -> None:
    found = made(KIND, spec=spec(capacity={"storage": "1024Mi"}))
    assert found["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert found["spec"]["volumeMode"] == "Filesystem"
    assert found["spec"]["capacity"] == {"storage": "1Gi"}
    assert found["spec"]["hostPath"] == {"path": "/data", "type": ""}
    assert found["status"] == {"phase": "Pending", "lastPhaseTransitionTime": rfc3339(NOW)}
    assert "generation" not in found["metadata"]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        ({"accessModes": []}, ["spec.accessModes: Required value"]),
        (
            {"capacity": {}},
            [
                "spec.capacity: Required value",
                'spec.capacity: Unsupported value: {}: supported values: "storage"',
            ],
        ),
        (
            {"capacity": {"storage": "0"}},
            ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
        ),
        ({"hostPath": None}, ["spec: Required value: must specify a volume type"]),
        (
            {"nfs": {"server": "s", "path": "/"}},
            ["spec.nfs: Forbidden: may not specify more than 1 volume type"],
        ),
        (
            {"persistentVolumeReclaimPolicy": "Burn"},
            [
                'spec.persistentVolumeReclaimPolicy: Unsupported value: "Burn": supported values: "Delete", '
                '"Recycle", "Retain"'
            ],
        ),
        (
            {"persistentVolumeReclaimPolicy": "Recycle", "hostPath": {"path": "/.//"}},
            [
                "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
            ],
        ),
        (
            {"hostPath": None, "local": {"path": "/d"}},
            ["spec.nodeAffinity: Required value: Local volume requires node affinity"],
        ),
        ({"hostPath": None, "local": {"path": "/d"}, "nodeAffinity": AFFINITY}, []),
        (
            {"nodeAffinity": {}},
            ["spec.nodeAffinity.required: Required value: must specify required node constraints"],
        ),
        (
            {"volumeAttributesClassName": "gold"},
            ["spec.csi: Required value: has to be specified when using volumeAttributesClassName"],
        ),
    ],
)
def test_volumes(fields: dict[str, Any], errors: list[str]) -> None:
    assert created(KIND, spec=spec(**fields)) == errors


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        ({}, {"capacity": {"storage": "2Gi"}, "persistentVolumeReclaimPolicy": "Delete"}, ""),
        (
            {},
            {"hostPath": {"path": "/other"}},
            "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n"
            'hostPath.path: "/data" -> "/other"',
        ),
        ({}, {"volumeMode": "Block"}, 'volumeMode: Invalid value: "Block": field is immutable'),
        ({}, {"nodeAffinity": AFFINITY}, ""),
        (
            {"nodeAffinity": AFFINITY},
            {"nodeAffinity": None},
            "nodeAffinity: Invalid value: null: field is immutable, except for updating from beta label to GA",
        ),
        (
            {"hostPath": None, "csi": {"driver": "d.example", "volumeHandle": "h"}},
            {
                "csi": {
                    "driver": "d.example",
                    "volumeHandle": "h",
                    "controllerExpandSecretRef": {"name": "a", "namespace": "b"},
                }
            },
            "",
        ),
    ],
)
def test_what_stays(before: dict[str, Any], after: dict[str, Any], error: str) -> None:
    old = made(KIND, spec=spec(**before))
    assert changed(KIND, old, spec=copy.deepcopy({**old["spec"], **after})) == ([error] if error else [])


def test_beta_labels_may_become_stable_ones() -> None:
    def where(key: str) -> dict[str, Any]:
        expression = {"key": key, "operator": "In", "values": ["z"]}
        return {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}

    old = made(KIND, spec=spec(nodeAffinity=where("failure-domain.beta.kubernetes.io/zone")))
    assert changed(KIND, old, spec={**old["spec"], "nodeAffinity": where("topology.kubernetes.io/zone")}) == []


def test_changes_of_phase_are_dated() -> None:
    old = made(KIND, spec=spec())
    later = Context(NOW + timedelta(hours=1))
    bound = {**old, "status": {"phase": "Bound"}}
    KIND.strategy.prepare_status_update(bound, old, later)
    assert bound["status"] == {"phase": "Bound", "lastPhaseTransitionTime": rfc3339(later.now)}
    same = {**old, "status": {"phase": "Pending"}}
    KIND.strategy.prepare_status_update(same, old, later)
    assert same["status"] == old["status"]


def test_warnings() -> None:
    found = made(KIND, metadata={"annotations": {CLASS: "x"}}, spec=spec(persistentVolumeReclaimPolicy="Recycle"))
    annotation, policy = KIND.strategy.warnings(found, None)
    assert (
        annotation == f'metadata.annotations[{CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead'
    )
    assert policy.startswith("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated.")
    assert KIND.strategy.validate(found, CONTEXT) == []
