"""The one change that a request's status has."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, made, said
from tests.unit.kube.kinds.podcertificaterequest.examples import asked
from tests.unit.kube.kinds.signing.examples import certificate, request
from wherry.kube.kinds.podcertificaterequest import KIND
from wherry.kube.kinds.podcertificaterequest.status import validate_status
from wherry.kube.machinery.model import Object

TIMES = {
    "notBefore": "2026-01-02T03:04:05Z",
    "beginRefreshAt": "2026-01-02T15:04:05Z",
    "notAfter": "2026-01-03T03:04:05Z",
}


def held(*kinds: str, **fields: Any) -> Object:
    rest = {"status": "True", "reason": "Because", "lastTransitionTime": "2026-01-02T03:04:05Z"}
    return {"conditions": [{"type": kind, **rest} for kind in kinds], **fields}


def issued(**fields: Any) -> Object:
    return held("Issued", **{"certificateChain": certificate().decode(), **TIMES, **fields})


def wrong(status: Object, before: Object | None = None) -> list[str]:
    obj = made(KIND, spec=asked())
    return said(validate_status({**obj, "status": status}, {**obj, "status": before or {}}, NOW))


@pytest.mark.parametrize("status", [{}, issued(), held("Denied"), held("Failed")])
def test_what_is_right(status: Object) -> None:
    assert wrong(status) == []
    assert wrong(status, status) == []


CHAIN = "status.certificateChain: Invalid value: "


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        (held("Issued", "Denied"),
         'status.conditions.[1].type: Invalid value: "Denied": There may be at most one condition with type "Issued", '
         '"Denied", or "Failed"'),
        (held("Ready"),
         'status.conditions.[0].type: Unsupported value: "Ready": supported values: "Issued", "Denied", "Failed"'),
        ({"notBefore": "2026-01-02T03:04:05Z"},
         'status: Invalid value: status is immutable unless transitioning to "Issued", "Denied", or "Failed"'),
        (held("Denied", notBefore="2026-01-02T03:04:05Z"),
         "status: Invalid value: non-condition status fields must be empty when denying or failing the "
         "PodCertificateRequest"),
        (issued(certificateChain="x"), "issued certificate chain must contain at least one certificate"),
        (issued(certificateChain=request().decode()),
         "issued certificate chain must consist entirely of CERTIFICATE PEM blocks"),
        (issued(certificateChain=certificate(number=1).decode()),
         "leaf certificate was not issued to the requested public key"),
        (issued(certificateChain="-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"),
         "leaf certificate does not parse as valid X.509"),
        (issued(certificateChain=certificate().decode()
                + "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"),
         "intermediate certificate does not parse as valid X.509"),
        (issued(certificateChain="x" * 102401), "status.certificateChain: Too long: may not be more than 102400 bytes"),
        (issued(notBefore="2026-01-02T03:00:05Z"), "must be set to the NotBefore time encoded in the leaf certificate"),
        (issued(notAfter="2026-01-03T03:04:06Z"), "must be set to the NotAfter time encoded in the leaf certificate"),
        (issued(beginRefreshAt="2026-01-02T03:10:05Z"), "must be at least 10 minutes after status.notBefore"),
        (issued(beginRefreshAt="2026-01-03T03:00:05Z"), "must be at least 10 minutes before status.notAfter"),
        (issued(beginRefreshAt=""),
         "status.beginRefreshAt: Required value: must be present and in the range [notbefore+10min, notafter-10min]"),
        (issued(certificateChain=certificate(1 / 48).decode(), notAfter="2026-01-02T03:34:05Z",
                beginRefreshAt="2026-01-02T03:20:00Z"),
         "leaf certificate lifetime must be >= 1 hour"),
        (issued(certificateChain=certificate(2).decode(), notAfter="2026-01-04T03:04:05Z"),
         "leaf certificate lifetime must be <= spec.maxExpirationSeconds (86400)"),
    ],
)  # fmt: skip
def test_what_is_wrong(status: Object, ending: str) -> None:
    (error,) = wrong(status)
    assert error.endswith(ending)


def test_an_end_is_an_end() -> None:
    assert wrong({}, held("Denied")) == [
        "status: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed"
    ]
