import base64

import pytest
from cryptography import x509

from tests.unit.kube.controllers.csr import approved, csr, request
from tests.unit.kube.controllers.harness import after
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.csrapproving import REQUESTS
from wherry.kube.controllers.csrsigning import CsrSigning, is_to_be_signed
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.model import Object
from wherry.kube.pki.making import Authority, make_authority

AUTHORITY = Authority(make_authority(FakeClock().now().timestamp()))


def make(needs: Needs) -> list[Controller]:
    return [Controller(CsrSigning(needs, AUTHORITY), needs.clock)]


async def answered(made: Object) -> Object:
    client = FakeClient(made)
    await after(client, make, 5)
    found = client.find(REQUESTS, "r")
    assert found
    status: Object = found.get("status") or {}
    return status


async def test_an_approved_request_gets_its_certificate() -> None:
    status = await answered(approved(expirationSeconds=3600))
    certificate = x509.load_pem_x509_certificate(base64.b64decode(status["certificate"]))
    assert "CN=system:node:n1" in certificate.subject.rfc4514_string()
    lifetime = certificate.not_valid_after_utc - FakeClock().now()
    assert 3500 < lifetime.total_seconds() <= 3700


async def test_what_the_signer_does_not_sign_has_failed() -> None:
    status = await answered(approved(request=request("eve", "system:nodes")))
    failed = status["conditions"][-1]
    assert (failed["type"], failed["reason"]) == ("Failed", "SignerValidationFailure") and "certificate" not in status
    assert failed["message"].startswith("subject common name does not begin with system:node:")
    assert (await answered(approved(request="AAAA")))["conditions"][-1]["type"] == "Failed"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (approved(), True),
        (csr(), False),
        (approved(signerName="example.com/mine"), False),
        (approved(status={"certificate": "x", "conditions": [{"type": "Approved"}]}), False),
        (approved(status={"conditions": [{"type": "Approved"}, {"type": "Denied"}]}), False),
        (approved(status={"conditions": [{"type": "Approved"}, {"type": "Failed"}]}), False),
    ],
)
def test_which_requests_are_signed(made: Object, expected: bool) -> None:
    assert is_to_be_signed(made) is expected
