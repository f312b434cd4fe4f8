"""Defaults and rules of PodCertificateRequests, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from tests.unit.kube.kinds.podcertificaterequest.examples import asked
from wherry.kube.kinds.podcertificaterequest import KIND
from wherry.kube.machinery.model import Object


def test_a_certificate_is_wanted_for_a_day() -> None:
    assert made(KIND, spec=asked())["spec"]["maxExpirationSeconds"] == 86400


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({}, []),
        ({"unverifiedUserAnnotations": {"a.io/b": "c"}}, []),
        ({"signerName": ""}, ["spec.signerName: Required value"]),
        ({"podUID": ""}, ['spec.podUID: Invalid value: "": must not be empty']),
        ({"nodeUID": "x" * 129}, ["spec.nodeUID: Too long: may not be more than 128 bytes"]),
        ({"maxExpirationSeconds": 10},
         ["spec.maxExpirationSeconds: Invalid value: 10: must be in the range [3600, 7862400]"]),
        ({"maxExpirationSeconds": 90000, "signerName": "kubernetes.io/s"},
         ["spec.maxExpirationSeconds: Invalid value: 90000: must be in the range [3600, 86400]"]),
        ({"unverifiedUserAnnotations": {"b": "c"}},
         ['spec.unverifiedUserAnnotations: Invalid value: "b": must be a domain-prefixed key (such as "acme.io/foo")']),
        ({"stubPKCS10Request": "A" * 16384}, ["spec.stubPKCS10Request: Too long: may not be more than 10240 bytes"]),
    ],
)  # fmt: skip
def test_what_is_wrong(change: Object, errors: list[str]) -> None:
    assert created(KIND, spec=asked(**change)) == errors


def test_it_holds_a_request() -> None:
    (error,) = created(KIND, spec=asked(stubPKCS10Request="eA=="))
    assert error.startswith(
        'spec.stubPKCS10Request: Invalid value: "eA==": must be a valid PKCS#10 certificate signing request: x509: '
    )


def test_it_never_changes() -> None:
    (error,) = changed(KIND, made(KIND, spec=asked()), spec=asked(podName="y"))
    assert error.endswith(": field is immutable")


def test_old_fields_are_not_kept() -> None:
    version = KIND.version("v1beta1")
    assert version is not None
    assert version.conversion is not None
    old = {"spec": {**asked(), "pkixPublicKey": "x", "proofOfPossession": "y"}}
    assert version.conversion.to_storage(old) == {"spec": asked()}
    assert version.conversion.from_storage({"spec": asked()}) == {"spec": asked()}


def test_what_is_shown() -> None:
    obj = made(KIND, spec=asked())
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a", "x", "x", "x", "example.com/s", "Pending")
    obj["status"] = {"conditions": [{"type": "Issued", "status": "True"}]}
    assert KIND.cells(obj, NOW)[-1] == "Issued"
    assert KIND.fields(obj)["spec.nodeName"] == "x"
