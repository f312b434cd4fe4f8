"""CertificateApproval, CertificateSigning, ClusterTrustBundleAttest, CertificateSubjectRestriction
(k8s.io/kubernetes plugin/pkg/admission/certificates): who may approve and sign for which signer."""

import base64
import binascii

from wherry.kube.apiserver.admission.plugin import CREATE, CREATE_UPDATE, Needs, Plugin, new_object, refusal
from wherry.kube.apiserver.model import AdmissionRequest, Attributes, Authorizer, Decision, Operation
from wherry.kube.machinery.model import GroupResource, Object

GROUP = "certificates.k8s.io"
REQUESTS = GroupResource(GROUP, "certificatesigningrequests")
BUNDLES = GroupResource(GROUP, "clustertrustbundles")
CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"
MASTERS = "system:masters"


def may_use_signer(authorizer: Authorizer, request: AdmissionRequest, verb: str, signer: str) -> bool:
    """The right is on ``signers``, by full name or by domain: ``example.com/*``."""
    for name in (signer, f"{signer.partition('/')[0]}/*"):
        asked = Attributes(request.user, verb, group=GROUP, version="*", resource="signers", name=name)
        if authorizer.authorize(asked)[0] is Decision.ALLOW:
            return True
    return False


class _ForSigner(Plugin):
    resources = frozenset({REQUESTS})
    operations = frozenset({Operation.UPDATE})
    verb = ""

    def __init__(self, needs: Needs) -> None:
        self._authorizer = needs.authorizer

    def _check(self, request: AdmissionRequest, signer: str) -> None:
        if not may_use_signer(self._authorizer, request, self.verb, signer):
            raise refusal(request, f'user not permitted to {self.verb} requests with signerName "{signer}"')


class CertificateApproval(_ForSigner):
    name = "CertificateApproval"
    subresources = frozenset({"approval"})
    verb = "approve"

    def validate(self, request: AdmissionRequest) -> None:
        self._check(request, (request.old or {}).get("spec", {}).get("signerName", ""))


class CertificateSigning(_ForSigner):
    name = "CertificateSigning"
    subresources = frozenset({"status"})
    verb = "sign"

    def validate(self, request: AdmissionRequest) -> None:
        old, new = request.old or {}, new_object(request)
        if _signed(old) == _signed(new):
            return
        self._check(request, old.get("spec", {}).get("signerName", ""))


def _signed(obj: Object) -> tuple[str, list[Object]]:
    """What only a signer may write: the certificate, and that it failed."""
    status = obj.get("status") or {}
    failed = [each for each in status.get("conditions") or () if each.get("type") == "Failed"]
    return status.get("certificate") or "", failed


class ClusterTrustBundleAttest(_ForSigner):
    name = "ClusterTrustBundleAttest"
    resources = frozenset({BUNDLES})
    operations = CREATE_UPDATE
    verb = "attest"

    def validate(self, request: AdmissionRequest) -> None:
        signer = new_object(request).get("spec", {}).get("signerName") or ""
        if request.operation is Operation.UPDATE and (request.old or {}).get("spec") == new_object(request).get("spec"):
            return
        if signer and not may_use_signer(self._authorizer, request, self.verb, signer):
            raise refusal(request, f'user not permitted to attest for signerName "{signer}"')


class CertificateSubjectRestriction(Plugin):
    """Nobody becomes all-powerful by a certificate of the API's own signer."""

    name = "CertificateSubjectRestriction"
    resources = frozenset({REQUESTS})
    operations = CREATE

    def validate(self, request: AdmissionRequest) -> None:
        spec = new_object(request).get("spec", {})
        if spec.get("signerName") != CLIENT_SIGNER:
            return
        try:
            organizations = _organizations(spec.get("request", ""))
        except ValueError as error:
            raise refusal(request, f"failed to parse CSR: {error}") from error
        if MASTERS in organizations:
            raise refusal(
                request,
                f"use of {CLIENT_SIGNER} signer with {MASTERS} group is not allowed",
            )


def _organizations(request: str) -> list[str]:
    """Of a PEM certificate request in base64. Raises ValueError."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        found = x509.load_pem_x509_csr(base64.b64decode(request, validate=True))
        return [str(each.value) for each in found.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    except (ValueError, binascii.Error) as error:
        raise ValueError(str(error) or "not a certificate request") from error
