"""Defaults and rules of ResourceClaims, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.devices.examples import claim, request
from tests.unit.kube.kinds.objects import NOW, changed, created, made, with_status
from wherry.kube.kinds.resourceclaim import KIND
from wherry.kube.machinery.model import Object


def test_what_is_left_out_is_filled_in() -> None:
    plain = {"name": "one", "exactly": {"deviceClassName": "gpu"}}
    assert made(KIND, spec=claim(plain))["spec"] == claim(request())


def test_what_is_wrong() -> None:
    assert created(KIND, spec=claim()) == []
    assert created(KIND, spec=claim(request(deviceClassName=""))) == [
        "spec.devices.requests[0].exactly.deviceClassName: Required value"
    ]


def test_what_is_asked_for_never_changes() -> None:
    (error,) = changed(KIND, made(KIND, spec=claim()), spec=claim(request("two")))
    assert error.startswith("spec: Invalid value: ")
    assert error.endswith(": field is immutable")


def test_a_status_is_looked_at() -> None:
    assert with_status(KIND, made(KIND, spec=claim()), reservedFor=[{"uid": "u", "name": "p", "resource": "pods"}]) == [
        "status.reservedFor: Forbidden: may not be specified when `allocated` is not set"
    ]


@pytest.mark.parametrize(
    ("meta", "status", "shown"),
    [
        ({}, {}, "pending"),
        ({}, {"allocation": {}}, "allocated"),
        ({}, {"allocation": {}, "reservedFor": [{}]}, "allocated,reserved"),
        ({"deletionTimestamp": "2026-01-02T03:04:05Z"}, {}, "deleted"),
        ({"deletionTimestamp": "2026-01-02T03:04:05Z"}, {"allocation": {}}, "deleted,allocated"),
    ],
)
def test_what_is_shown(meta: Object, status: Object, shown: str) -> None:
    obj = {**made(KIND, metadata=meta, spec=claim()), "status": status}
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a", shown, "2m5s")


def test_an_old_version() -> None:
    version = KIND.version("v1beta1")
    assert version is not None
    assert version.conversion is not None
    old = version.conversion.from_storage({"spec": claim(request())})
    assert "exactly" not in old["spec"]["devices"]["requests"][0]
    assert version.conversion.to_storage(old) == {"spec": claim(request())}
