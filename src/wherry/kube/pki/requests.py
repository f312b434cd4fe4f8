"""Certificates that others ask for: CertificateSigningRequests (k8s.io/kubernetes pkg/controller/certificates/signer,
pkg/apis/certificates/helpers.go)."""

from collections.abc import Callable, Sequence

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wherry.kube.pki.making import Authority, Request, long_names
from wherry.kube.pki.model import LEAF_SECONDS, MASTERS

KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet"
KUBELET_SERVING = "kubernetes.io/kubelet-serving"
CLIENT = "kubernetes.io/kube-apiserver-client"
SIGNERS = (CLIENT, KUBELET_CLIENT, KUBELET_SERVING)
"""Whose requests :func:`sign` answers."""
_MIN_SECONDS = 600
_MIN_RSA_BITS = 2048
_NODE_PREFIX = "system:node:"
_SIGNATURE, _ENCIPHERMENT = "digital signature", "key encipherment"
_CLIENT_AUTH, _SERVER_AUTH = "client auth", "server auth"
_EXTENDED = {_CLIENT_AUTH: ExtendedKeyUsageOID.CLIENT_AUTH, _SERVER_AUTH: ExtendedKeyUsageOID.SERVER_AUTH}


class Refused(Exception):
    """The signer does not sign this. The text is the message of the condition ``Failed``, whose reason is
    ``SignerValidationFailure``."""


class Asked(msgspec.Struct, frozen=True):
    """A PKCS#10 request, read; its signature is good."""

    common_name: str
    organizations: tuple[str, ...]
    dns_names: tuple[str, ...]
    addresses: tuple[str, ...]
    emails: tuple[str, ...]
    uris: tuple[str, ...]
    request: x509.CertificateSigningRequest


def parse(content: bytes) -> Asked:
    """Of ``spec.request``, PEM. Raises ValueError with upstream's text, where it has one."""
    if b"-----BEGIN CERTIFICATE REQUEST-----" not in content:
        raise ValueError("PEM block type must be CERTIFICATE REQUEST")
    try:
        request = x509.load_pem_x509_csr(content)
        if not request.is_signature_valid:
            raise ValueError("the signature is not that of the key")
        names = _alternatives(request)
        _check_key(request.public_key())
    except (InvalidSignature, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise ValueError(str(error)) from error
    with long_names():
        common_names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        organizations = request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return Asked(
        common_name=str(common_names[-1].value) if common_names else "",
        organizations=tuple(str(each.value) for each in organizations),
        dns_names=tuple(names.get_values_for_type(x509.DNSName)) if names else (),
        addresses=tuple(str(each) for each in names.get_values_for_type(x509.IPAddress)) if names else (),
        emails=tuple(names.get_values_for_type(x509.RFC822Name)) if names else (),
        uris=tuple(names.get_values_for_type(x509.UniformResourceIdentifier)) if names else (),
        request=request,
    )


def _alternatives(request: x509.CertificateSigningRequest) -> x509.SubjectAlternativeName | None:
    try:
        return request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def _check_key(key: object) -> None:
    """No key that is weaker than what we make ourselves."""
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        raise ValueError(f"an RSA key must have at least {_MIN_RSA_BITS} bits")
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise ValueError("the key must be RSA, ECDSA or Ed25519")


def check(asked: Asked, usages: Sequence[str], signer: str) -> None:
    """Raises Refused when the signer does not sign such a thing, KeyError when nobody knows the signer."""
    _CHECKS[signer](asked, frozenset(usages))


def _check_kubelet_client(asked: Asked, usages: frozenset[str]) -> None:
    if asked.organizations != ("system:nodes",):
        raise Refused("subject organization is not system:nodes")
    for what, kind in ((asked.dns_names, "DNS"), (asked.emails, "Email"), (asked.addresses, "IP"), (asked.uris, "URI")):
        if what:
            raise Refused(f"{kind} subjectAltNames are not allowed")
    if not asked.common_name.startswith(_NODE_PREFIX):
        raise Refused(f"subject common name does not begin with {_NODE_PREFIX}")
    _check_usages(usages, _CLIENT_AUTH)


def _check_kubelet_serving(asked: Asked, usages: frozenset[str]) -> None:
    if asked.organizations != ("system:nodes",):
        raise Refused("subject organization is not system:nodes")
    if not asked.dns_names and not asked.addresses:
        raise Refused("DNS or IP subjectAltName is required")
    for what, kind in ((asked.emails, "Email"), (asked.uris, "URI")):
        if what:
            raise Refused(f"{kind} subjectAltNames are not allowed")
    _check_usages(usages, _SERVER_AUTH)
    if not asked.common_name.startswith(_NODE_PREFIX):
        raise Refused(f"subject common name does not begin with {_NODE_PREFIX}")


def _check_usages(usages: frozenset[str], purpose: str) -> None:
    """RSA keys may also encipher keys; others cannot."""
    if usages not in ({_SIGNATURE, purpose}, {_SIGNATURE, _ENCIPHERMENT, purpose}):
        raise Refused(f"usages did not match [{' '.join(sorted((_SIGNATURE, _ENCIPHERMENT, purpose)))}]")


def _check_client(asked: Asked, usages: frozenset[str]) -> None:
    if MASTERS in asked.organizations:  # upstream's admission CertificateSubjectRestriction, once more where it counts
        raise Refused(f"use of {CLIENT} signer with {MASTERS} group is not allowed")
    for usage in sorted(usages - {_SIGNATURE, _ENCIPHERMENT, _CLIENT_AUTH}):
        raise Refused(f"invalid usage for client certificate: {usage}")
    if _CLIENT_AUTH not in usages:
        raise Refused(f"missing required usage for client certificate: {_CLIENT_AUTH}")


_CHECKS: dict[str, Callable[[Asked, frozenset[str]], None]] = {
    CLIENT: _check_client,
    KUBELET_CLIENT: _check_kubelet_client,
    KUBELET_SERVING: _check_kubelet_serving,
}


class Order(msgspec.Struct, frozen=True):
    """``spec`` of a CertificateSigningRequest: the request (PEM), and what it is to be good for. ``seconds`` None: as
    long as we give."""

    content: bytes
    signer: str
    usages: tuple[str, ...]
    seconds: int | None = None


def sign(order: Order, authority: Authority, now: float) -> str:
    """The certificate, PEM, for an *approved* request. Raises Refused, ValueError, KeyError as above.

    Subject and names are the request's. It is good for a year at most, and for ten minutes at least.
    """
    asked = parse(order.content)
    check(asked, order.usages, order.signer)
    seconds = LEAF_SECONDS if order.seconds is None else min(max(order.seconds, _MIN_SECONDS), LEAF_SECONDS)
    names = _alternatives(asked.request)
    wanted = Request(
        asked.common_name,
        asked.organizations,
        asked.request.public_key(),
        tuple(_EXTENDED[usage] for usage in order.usages if usage in _EXTENDED),
        seconds,
        tuple(names) if names else (),
        encipherment=_ENCIPHERMENT in order.usages,
    )
    return authority.issue(wanted, now)
