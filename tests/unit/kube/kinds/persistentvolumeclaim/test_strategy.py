import copy
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CREATED, NOW, changed, created, made, with_status
from wherry.kube.kinds.persistentvolume.columns import CLASS
from wherry.kube.kinds.persistentvolumeclaim import KIND
from wherry.kube.machinery.model import Object

RIGHT = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
UNCHANGING = (
    "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for "
    "bound claims\n"
)
SNAPSHOT = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"}


def spec(**fields: Any) -> Object:
    return copy.deepcopy({**RIGHT, **fields})


def bound(**fields: Any) -> Object:
    claim = made(KIND, spec=spec(storageClassName="fast", volumeName="pv1", **fields))
    claim["status"] = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
    return claim


def test_defaults() -> None:
    found = made(KIND, spec=spec(resources={"requests": {"storage": "1024Mi"}}))
    assert found["spec"] == {**RIGHT, "volumeMode": "Filesystem"}
    assert found["status"] == {"phase": "Pending"}
    assert "generation" not in found["metadata"]


def test_the_source_is_said_twice() -> None:
    assert made(KIND, spec=spec(dataSource=SNAPSHOT))["spec"]["dataSourceRef"] == SNAPSHOT
    assert made(KIND, spec=spec(dataSourceRef=SNAPSHOT))["spec"]["dataSource"] == SNAPSHOT
    elsewhere = {**SNAPSHOT, "namespace": "other"}
    assert "dataSource" not in made(KIND, spec=spec(dataSourceRef=elsewhere))["spec"]


def test_rules_of_claims_are_applied() -> None:
    assert created(KIND, spec=spec()) == []
    assert created(KIND, spec={}) == [
        "spec.accessModes: Required value: at least 1 access mode is required",
        "spec.resources[storage]: Required value",
    ]


@pytest.mark.parametrize(
    ("after", "errors"),
    [
        ({"resources": {"requests": {"storage": "2Gi"}}}, []),
        ({"volumeAttributesClassName": "gold"}, []),
        (
            {"resources": {"requests": {"storage": "512Mi"}}},
            ["spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"],
        ),
        ({"volumeName": "pv2"}, [UNCHANGING + 'volumeName: "pv1" -> "pv2"']),
        ({"accessModes": ["ReadWriteMany"]}, [UNCHANGING + 'accessModes[0]: "ReadWriteOnce" -> "ReadWriteMany"']),
        ({"storageClassName": "slow"}, [UNCHANGING + 'storageClassName: "fast" -> "slow"']),
        (
            {"volumeMode": "Block"},
            [
                UNCHANGING + 'volumeMode: "Filesystem" -> "Block"',
                'volumeMode: Invalid value: "Block": field is immutable',
            ],
        ),
    ],
)
def test_what_may_change_of_a_bound_claim(after: dict[str, Any], errors: list[str]) -> None:
    old = bound()
    assert changed(KIND, old, spec=copy.deepcopy({**old["spec"], **after})) == errors


def test_a_claim_is_bound_once() -> None:
    old = made(KIND, spec=spec())
    assert changed(KIND, old, spec={**old["spec"], "volumeName": "pv1"}) == []


def test_an_unbound_claim_does_not_grow() -> None:
    old = made(KIND, spec=spec())
    bigger = {**old["spec"], "resources": {"requests": {"storage": "2Gi"}}}
    assert changed(KIND, old, spec=bigger) == [UNCHANGING + 'resources.requests.storage: "1Gi" -> "2Gi"']


def test_a_claim_without_a_class_may_be_given_one() -> None:
    old = made(KIND, spec=spec())
    assert changed(KIND, old, spec={**old["spec"], "storageClassName": "fast"}) == []


def test_the_annotation_of_a_class_stays() -> None:
    old = made(KIND, metadata={"annotations": {CLASS: "fast"}}, spec=spec())
    other = {**old["metadata"], "annotations": {CLASS: "slow"}}
    assert changed(KIND, old, metadata=other) == [
        f'metadata.annotations.{CLASS}: Invalid value: "slow": field is immutable'
    ]


def test_attributes_are_not_taken_back() -> None:
    old = bound(volumeAttributesClassName="gold")
    found = changed(KIND, old, spec={name: value for name, value in old["spec"].items() if "Attributes" not in name})
    assert found[-1] == ("spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden")


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        ({"phase": "Bound", "capacity": {"storage": "1Gi"}}, []),
        (
            {"capacity": {"storage": "-1"}},
            ['status.capacity[storage]: Invalid value: "-1": must be greater than or equal to 0'],
        ),
        (
            {"allocatedResources": {"cpu": "1"}},
            ['status.allocatedResources: Unsupported value: "cpu": supported values: "storage"'],
        ),
        (
            {"allocatedResourceStatuses": {"storage": "Growing"}},
            [
                'status.allocatedResourceStatus: Unsupported value: "storage": supported values: '
                '"ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", '
                '"NodeResizeInfeasible", "NodeResizePending"'
            ],
        ),
    ],
)
def test_statuses(status: dict[str, Any], errors: list[str]) -> None:
    assert with_status(KIND, made(KIND, spec=spec()), **status) == errors


def test_rows() -> None:
    assert KIND.cells is not None
    claim = bound()
    claim["status"]["accessModes"] = ["ReadWriteOnce"]
    claim["metadata"]["creationTimestamp"] = CREATED
    row = list(KIND.cells(claim, NOW))
    assert row == ["a", "Bound", "pv1", "1Gi", "RWO", "fast", "<unset>", "2m5s", "Filesystem"]
    assert len(row) == len(KIND.columns)
    pending = list(KIND.cells(made(KIND, spec=spec()), NOW))
    assert pending[1:6] == ["Pending", "", "", "", ""]


def test_warnings() -> None:
    claim = made(KIND, metadata={"annotations": {CLASS: "x"}}, spec=spec(resources={"requests": {"storage": "100m"}}))
    annotation, fraction = KIND.strategy.warnings(claim, None)
    assert annotation.endswith('deprecated since v1.8; use "storageClassName" attribute instead')
    assert fraction == ('spec.resources.requests[storage]: fractional byte value "100m" is invalid, must be an integer')
