"""Requests and certificates: whether they are any. Functions raise ValueError with the reason."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wherry.kube.kinds.signing import pem

if TYPE_CHECKING:
    from cryptography import x509

MAX_BUNDLE_BYTES = 1024 * 1024


def read_request(der: bytes) -> "x509.CertificateSigningRequest":
    """A PKCS#10 request whose signature is right."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        request = x509.load_der_x509_csr(der)
        request.public_key()
        signed = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise ValueError(f"x509: malformed certificate request: {error}") from error
    if not signed:
        raise ValueError("x509: the signature of the certificate request is wrong")
    return request


def read_pem_request(data: bytes) -> "x509.CertificateSigningRequest":
    """The first block's."""
    first = next(pem.blocks(data), None)
    if first is None or first.type != "CERTIFICATE REQUEST":
        raise ValueError("PEM block type must be CERTIFICATE REQUEST")
    return read_request(first.der)


def read_certificate(der: bytes) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise ValueError(f"x509: malformed certificate: {error}") from error


def check_issued(data: bytes) -> None:
    """A certificate that a signer has issued, with those that vouch for it, in PEM. Nothing is right, too."""
    if not data:
        return
    found = list(pem.blocks(data))
    for block in found:
        if block.type != "CERTIFICATE":
            raise ValueError(f'only CERTIFICATE PEM blocks are allowed, found "{block.type}"')
        if block.headers:
            raise ValueError("no PEM block headers are permitted")
        read_certificate(block.der)
    if not found:
        raise ValueError("must contain at least one CERTIFICATE PEM block")


def bundle_complaints(text: str) -> Sequence[str]:
    """What is wrong with trust anchors in PEM."""
    seen: dict[bytes, list[int]] = {}
    found: list[str] = []
    for position, block in enumerate(pem.blocks(text.encode())):
        why = _anchor_complaint(block)
        if why:
            found.append(f"entry {position} {why}")
        else:
            seen.setdefault(hashlib.sha256(block.der).digest(), []).append(position)
    if found:
        return found
    if not seen:
        return ["at least one trust anchor must be provided"]
    twice = [places for places in seen.values() if len(places) > 1]
    return [f"duplicate trust anchor (indices [{' '.join(map(str, places))}])" for places in twice]


def _anchor_complaint(block: pem.Block) -> str:
    from cryptography import x509

    if block.type != "CERTIFICATE":
        return f"has bad block type: {block.type}"
    if block.headers:
        return "has PEM block headers"
    try:
        constraints = read_certificate(block.der).extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return "does not have the CA bit set"
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return "does not parse as X.509"
    return "" if constraints.ca else "does not have the CA bit set"


def key_complaint(key: Any) -> str:  # Any: one of cryptography's many types of public keys
    """Why a pod cannot have a certificate for such a key; empty when it can."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PublicKey):
        return ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        known = isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1)
        return "" if known else "elliptic public keys must use curve P256 or P384"
    if isinstance(key, rsa.RSAPublicKey):
        return "" if key.key_size in (3072, 4096) else "RSA keys must have modulus size 3072 or 4096"
    return "unknown public key type; supported types are Ed25519, ECDSA, and RSA"


def public_bytes(holder: "x509.Certificate | x509.CertificateSigningRequest") -> bytes:
    """Its public key, to be compared with others; nothing when its kind is unknown."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return b""
