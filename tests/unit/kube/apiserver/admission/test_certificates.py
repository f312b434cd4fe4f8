import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.kube.apiserver.admission.asking import Rights, admitted, create, needs, refused, update
from wherry.kube.apiserver.admission.certificates import (
    CLIENT_SIGNER,
    CertificateApproval,
    CertificateSigning,
    CertificateSubjectRestriction,
    ClusterTrustBundleAttest,
)
from wherry.kube.machinery.model import Object


def request(organization: str) -> str:
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "eve"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)]
    )
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def csr(signer: str = "example.com/s", body: str = "", **status: object) -> Object:
    spec = {"signerName": signer, "request": body}
    base = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "r"}}
    return {**base, "spec": spec, "status": status}


@pytest.mark.parametrize("right", ["example.com/s", "example.com/*"])
async def test_approval_needs_a_right_on_the_signer(right: str) -> None:
    approved = csr(conditions=[{"type": "Approved"}])
    error = await refused(CertificateApproval(needs()), update(approved, csr(), subresource="approval"))
    assert 'user not permitted to approve requests with signerName "example.com/s"' in str(error)
    plugin = CertificateApproval(needs(rights=Rights(("approve", "signers", right))))
    await admitted(plugin, update(approved, csr(), subresource="approval"))


@pytest.mark.parametrize("status", [{"certificate": "Y2VydA=="}, {"conditions": [{"type": "Failed"}]}])
async def test_signing_needs_a_right_on_the_signer(status: dict[str, object]) -> None:
    error = await refused(CertificateSigning(needs()), update(csr(**status), csr(), subresource="status"))
    assert 'user not permitted to sign requests with signerName "example.com/s"' in str(error)
    plugin = CertificateSigning(needs(rights=Rights(("sign", "signers", "example.com/s"))))
    await admitted(plugin, update(csr(**status), csr(), subresource="status"))


async def test_a_status_that_signs_nothing_needs_no_right() -> None:
    new = csr(conditions=[{"type": "Approved"}])
    await admitted(CertificateSigning(needs()), update(new, csr(), subresource="status"))


async def test_the_signer_is_the_old_ones() -> None:
    """A request cannot be turned into one of a signer that its approver may use."""
    plugin = CertificateApproval(needs(rights=Rights(("approve", "signers", "mine.com/s"))))
    await refused(plugin, update(csr("mine.com/s"), csr("theirs.com/s"), subresource="approval"))


async def test_a_trust_bundle_of_a_signer_needs_a_right() -> None:
    bundle = {"apiVersion": "certificates.k8s.io/v1beta1", "kind": "ClusterTrustBundle", "metadata": {"name": "b"}}
    signed = {**bundle, "spec": {"signerName": "example.com/s"}}
    error = await refused(ClusterTrustBundleAttest(needs()), create(signed))
    assert 'user not permitted to attest for signerName "example.com/s"' in str(error)
    await admitted(ClusterTrustBundleAttest(needs()), create({**bundle, "spec": {"signerName": ""}}))
    await admitted(ClusterTrustBundleAttest(needs()), update(signed, signed))
    rights = Rights(("attest", "signers", "example.com/s"))
    await admitted(ClusterTrustBundleAttest(needs(rights=rights)), create(signed))


async def test_nobody_becomes_a_master_by_a_certificate() -> None:
    plugin = CertificateSubjectRestriction()
    error = await refused(plugin, create(csr(CLIENT_SIGNER, request("system:masters"))))
    assert "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed" in str(error)
    await admitted(plugin, create(csr(CLIENT_SIGNER, request("developers"))))
    await admitted(plugin, create(csr("example.com/s", request("system:masters"))))


@pytest.mark.parametrize("body", ["", "%%%", base64.b64encode(b"nonsense").decode()])
async def test_what_cannot_be_read_is_refused(body: str) -> None:
    error = await refused(CertificateSubjectRestriction(), create(csr(CLIENT_SIGNER, body)))
    assert "failed to parse CSR" in str(error)
