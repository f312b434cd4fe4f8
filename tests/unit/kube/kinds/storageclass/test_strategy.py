"""Defaults and rules of StorageClasses, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.storageclass import KIND
from wherry.kube.machinery.model import Object

DRIVER = {"provisioner": "csi.example.com"}
ZONE = {"key": "zone", "values": ["a"]}


def test_what_is_left_out_is_filled_in() -> None:
    obj = made(KIND, **DRIVER)
    assert (obj["reclaimPolicy"], obj["volumeBindingMode"]) == ("Delete", "Immediate")


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        ({"provisioner": ""}, ["provisioner: Required value"]),
        ({"reclaimPolicy": "Recycle"},
         ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"']),
        ({"volumeBindingMode": "Soon"},
         ['volumeBindingMode: Unsupported value: "Soon": supported values: "Immediate", "WaitForFirstConsumer"']),
        ({"parameters": {"": "x"}}, ['parameters: Invalid value: "": field can not be empty.']),
        ({"parameters": {f"k{n}": "" for n in range(513)}}, ["parameters: Too long: may not be more than 512 bytes"]),
        ({"parameters": {"a": "x" * 262144}}, ["parameters: Too long: may not be more than 262144 bytes"]),
        ({"allowedTopologies": [{"matchLabelExpressions": [{"key": "zone"}]}]},
         ["allowedTopologies[0].matchLabelExpressions[0].values: Required value"]),
        ({"allowedTopologies": [{"matchLabelExpressions": [ZONE, ZONE]}]},
         ['allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"']),
        ({"allowedTopologies": [{"matchLabelExpressions": [ZONE]}] * 2},
         ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""']),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str]) -> None:
    assert created(KIND, **{**DRIVER, **fields}) == errors


def test_hardly_anything_changes() -> None:
    old = made(KIND, **DRIVER)
    assert changed(KIND, old, allowVolumeExpansion=True) == []
    assert changed(KIND, old, parameters={"a": "b"}, reclaimPolicy="Retain", volumeBindingMode="X") == [
        "parameters: Forbidden: updates to parameters are forbidden.",
        "reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.",
        'volumeBindingMode: Invalid value: "X": field is immutable',
    ]


@pytest.mark.parametrize("prefix", ["storageclass.kubernetes.io", "storageclass.beta.kubernetes.io"])
def test_what_is_shown(prefix: str) -> None:
    obj = made(KIND, metadata={"annotations": {f"{prefix}/is-default-class": "true"}}, **DRIVER)
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a (default)", "csi.example.com", "Delete", "Immediate", False, "2m5s")
    assert KIND.cells(made(KIND, **DRIVER), NOW)[0] == "a"
