"""Certificate signing requests for tests."""

import base64
import functools

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.kube.controllers.harness import obj
from wherry.kube.machinery.model import Object
from wherry.kube.pki.requests import KUBELET_CLIENT


@functools.cache
def request(common_name: str, organization: str) -> str:
    names = [
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
    ]
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names)).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def csr(name: str = "r", user: str = "system:bootstrap:abc", **more: object) -> Object:
    given: Object = {
        "request": request("system:node:n1", "system:nodes"), "signerName": KUBELET_CLIENT, "username": user,
        "groups": ["system:bootstrappers"], "usages": ["digital signature", "client auth"], **more,
    }  # fmt: skip
    meta = {"creationTimestamp": "2026-01-01T00:00:00Z"}
    kind = "CertificateSigningRequest"
    status = given.pop("status", {})
    return obj(kind, name, "", "certificates.k8s.io/v1", metadata=meta, spec=given, status=status)


def approved(**more: object) -> Object:
    condition = {"type": "Approved", "status": "True", "lastUpdateTime": "2026-01-01T00:00:00Z"}
    return csr(**{"status": {"conditions": [condition]}, **more})  # type: ignore[arg-type]
