"""Rules of the status of ResourceClaims."""

from typing import Any

import pytest

from tests.unit.kube.kinds.devices.examples import claim, opaque
from tests.unit.kube.kinds.objects import made, said
from wherry.kube.kinds.resourceclaim import KIND
from wherry.kube.kinds.resourceclaim.status import validate_status
from wherry.kube.machinery.model import Object

DEVICE = {"driver": "gpu.example.com", "pool": "node", "device": "gpu-0"}
POD = {"resource": "pods", "name": "p", "uid": "u"}
CONDITION = {"type": "Ready", "status": "True", "reason": "Ok", "lastTransitionTime": "2026-01-02T03:04:05Z"}


def allocated(*results: Object, **fields: Any) -> Object:
    devices = {"results": list(results or [{"request": "one", **DEVICE}]), **fields}
    return {"allocation": {"devices": devices}}


def wrong(status: Object, before: Object | None = None, **meta: Any) -> list[str]:
    obj = made(KIND, metadata=meta, spec=claim())
    return said(validate_status({**obj, "status": status}, {**obj, "status": before or {}}))


AT = "status.allocation.devices.results[0]"


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        ({}, []),
        (allocated(), []),
        ({**allocated(), "reservedFor": [POD], "devices": [{**DEVICE, "conditions": [CONDITION], "data": {"a": 1}}]},
         []),
        (allocated(config=[{"source": "FromClaim", "requests": ["one"], **opaque()}]), []),
        ({**allocated(), "reservedFor": [{}]},
         [f"status.reservedFor[0].{name}: Required value" for name in ("resource", "name", "uid")]),
        ({**allocated(), "reservedFor": [POD, POD]}, ['status.reservedFor[1]: Duplicate value: "u"']),
        ({"reservedFor": [POD]}, ["status.reservedFor: Forbidden: may not be specified when `allocated` is not set"]),
        ({"devices": [DEVICE]},
         ['status.devices[0]: Invalid value: "gpu.example.com/node/gpu-0": must be an allocated device in the claim']),
        ({**allocated(), "devices": [DEVICE, DEVICE]},
         ['status.devices[1]: Duplicate value: "gpu.example.com/node/gpu-0"']),
        ({**allocated(), "devices": [{**DEVICE, "data": [1]}]},
         ['status.devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object']),
        ({**allocated(), "devices": [{**DEVICE, "networkData": {"ips": ["10.0.0.1"], "interfaceName": "x" * 257}}]},
         ["status.devices[0].networkData.interfaceName: Too long: may not be more than 256 bytes",
          'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, '
          "(e.g. 10.9.8.7/24 or 2001:db8::1/64)"]),
        (allocated({"request": "two", **DEVICE}),
         [f'{AT}.request: Invalid value: "two": must be the name of a request in the claim or the name of a request '
          "and a subrequest separated by '/'"]),
        (allocated({"request": "one", **DEVICE, "shareID": "x"}),
         [f'{AT}.shareID: Invalid value: "x": error validating uid: invalid UUID format']),
        (allocated(config=[{**opaque()}]), ["status.allocation.devices.config[0].source: Required value"]),
        (allocated(config=[{"source": "FromHeaven", **opaque()}]),
         ['status.allocation.devices.config[0].source: Unsupported value: "FromHeaven": supported values: "FromClaim", '
          '"FromClass"']),
        ({"allocation": {"nodeSelector": {}}},
         ["status.allocation.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector "
          "term"]),
    ],
)  # fmt: skip
def test_what_is_wrong(status: Object, errors: list[str]) -> None:
    assert wrong(status) == errors


def test_an_allocation_never_changes() -> None:
    (error,) = wrong(allocated({"request": "one", **DEVICE, "device": "gpu-1"}), allocated())
    assert error.startswith("status.allocation: Invalid value: ")
    assert error.endswith(": field is immutable")
    assert wrong({}, allocated()) == []


def test_nobody_new_gets_what_is_going_away() -> None:
    status = {**allocated(), "reservedFor": [POD]}
    assert wrong(status, status, deletionTimestamp="2026-01-02T03:04:05Z") == []
    assert wrong(status, allocated(), deletionTimestamp="2026-01-02T03:04:05Z") == [
        "status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or "
        "`deletionTimestamp` are set"
    ]


def test_shares_of_a_device_are_told_apart() -> None:
    shares = [{**DEVICE, "shareID": f"12345678-1234-1234-1234-12345678901{n}"} for n in range(2)]
    results = [{"request": "one", **share} for share in shares]
    assert wrong({**allocated(*results), "devices": shares}) == []
