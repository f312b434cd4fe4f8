"""Rules of VolumeAttachments, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made, with_status
from wherry.kube.kinds.volumeattachment import KIND
from wherry.kube.machinery.model import Object

GOOD = {"attacher": "csi.example.com", "nodeName": "node", "source": {"persistentVolumeName": "pv"}}
EXACTLY = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({}, []),
        ({"source": {"inlineVolumeSpec": {}}}, []),
        ({"attacher": "a_b"}, 1),
        ({"source": {}}, [f"spec.source: Required value: {EXACTLY}"]),
        ({"source": {"persistentVolumeName": "pv", "inlineVolumeSpec": {}}}, [f"spec.source: Forbidden: {EXACTLY}"]),
        ({"source": {"persistentVolumeName": ""}},
         ["spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName"]),
        ({"nodeName": "A"}, 1),
    ],
)  # fmt: skip
def test_what_is_wrong(change: Object, errors: list[str] | int) -> None:
    found = created(KIND, spec={**GOOD, **change})
    assert (len(found) if isinstance(errors, int) else found) == errors


def test_what_is_attached_stays() -> None:
    old = made(KIND, spec=GOOD)
    assert old["status"] == {"attached": False}
    (error,) = changed(KIND, old, spec={**GOOD, "nodeName": "other"})
    assert error.startswith("spec: Invalid value: ")
    assert error.endswith(": field is immutable")


def test_errors_are_short() -> None:
    old = made(KIND, spec=GOOD)
    wrong = {"message": "x" * 1025, "errorCode": -1}
    assert with_status(KIND, old, attached=False, attachError=wrong, attachmentMetadata={"a": "x" * 262144}) == [
        "status.attachmentMetadata: Too long: may not be more than 262144 bytes",
        "status.attachError.message: Too long: may not be more than 1024 bytes",
        "status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive",
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec=GOOD), NOW) == ("a", "csi.example.com", "pv", "node", False, "2m5s")
