"""Defaults and rules of CSIDrivers, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.csidriver import KIND
from wherry.kube.machinery.model import Object


def test_what_is_left_out_is_filled_in() -> None:
    assert made(KIND, spec={})["spec"] == {
        "attachRequired": True,
        "podInfoOnMount": False,
        "storageCapacity": False,
        "fsGroupPolicy": "ReadWriteOnceWithFSType",
        "requiresRepublish": False,
        "seLinuxMount": False,
        "volumeLifecycleModes": ["Persistent"],
    }


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        ({"tokenRequests": [{"audience": "a", "expirationSeconds": 600}], "serviceAccountTokenInSecrets": True}, []),
        ({"fsGroupPolicy": "Some"},
         ['spec.fsGroupPolicy: Unsupported value: "Some": supported values: "File", "None", '
          '"ReadWriteOnceWithFSType"']),
        ({"tokenRequests": [{"audience": ""}, {"audience": ""}]},
         ['spec.tokenRequests[1].audience: Duplicate value: ""']),
        ({"tokenRequests": [{"audience": "", "expirationSeconds": 599}]},
         ["spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 "
          "minutes"]),
        ({"tokenRequests": [{"audience": "", "expirationSeconds": 2**32 + 1}]},
         ["spec.tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than "
          "2^32 seconds"]),
        ({"volumeLifecycleModes": ["Brief"]},
         ['spec.volumeLifecycleModes: Unsupported value: "Brief": supported values: "Persistent", "Ephemeral"']),
        ({"serviceAccountTokenInSecrets": False},
         ["spec.serviceAccountTokenInSecrets: Invalid value: false: serviceAccountTokenInSecrets is set but no "
          "tokenRequests are specified"]),
        ({"nodeAllocatableUpdatePeriodSeconds": 9},
         ["spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_what_cannot_change() -> None:
    old = made(KIND, spec={})
    assert changed(KIND, old, spec={"podInfoOnMount": True}) == []
    assert changed(KIND, old, spec={"attachRequired": False, "volumeLifecycleModes": ["Ephemeral"]}) == [
        "spec.attachedRequired: Invalid value: false: field is immutable",
        'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
    ]


def test_what_is_shown() -> None:
    obj = made(KIND, spec={"tokenRequests": [{"audience": "a"}, {"audience": "b"}]})
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a", True, False, False, "a,b", False, "Persistent", "2m5s")
    assert KIND.cells(made(KIND, spec={}), NOW)[4] == "<unset>"
