import pytest

from tests.unit.kube.kinds.objects import CREATED, NOW
from wherry.kube.kinds.persistentvolume import KIND
from wherry.kube.kinds.persistentvolume.columns import CLASS, access_modes, phase, storage_class


def test_a_row() -> None:
    assert KIND.cells is not None
    row = KIND.cells(
        {
            "metadata": {"name": "pv1", "creationTimestamp": CREATED},
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": "default", "name": "data"},
                "storageClassName": "fast",
                "volumeMode": "Filesystem",
            },
            "status": {"phase": "Bound"},
        },
        NOW,
    )
    assert list(row) == [
        "pv1",
        "1Gi",
        "RWO,RWX",
        "Retain",
        "Bound",
        "default/data",
        "fast",
        "<unset>",
        "",
        "2m5s",
        "Filesystem",
    ]
    assert len(row) == len(KIND.columns)


@pytest.mark.parametrize(
    ("modes", "shown"),
    [
        (None, ""),
        (["ReadWriteOncePod"], "RWOP"),
        (["ReadWriteMany", "ReadOnlyMany", "ReadWriteOnce", "ReadOnlyMany"], "RWO,ROX,RWX"),
    ],
)
def test_modes_are_short_and_in_order(modes: list[str] | None, shown: str) -> None:
    assert access_modes(modes) == shown


def test_what_is_deleted_is_terminating() -> None:
    status = {"phase": "Bound"}
    assert phase({"metadata": {}, "status": status}) == "Bound"
    assert phase({"metadata": {"deletionTimestamp": CREATED}, "status": status}) == "Terminating"


def test_the_annotation_comes_before_the_field() -> None:
    spec = {"storageClassName": "new"}
    assert storage_class({"metadata": {}, "spec": spec}) == "new"
    assert storage_class({"metadata": {"annotations": {CLASS: "old"}}, "spec": spec}) == "old"
