"""Keys of pods, and requests for certificates of them, which are empty but for the key
(certificates/v1 PodCertificateRequest)."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

_SHA256 = hashes.SHA256()
_MAKERS: Mapping[
    str, tuple[Callable[[], Any], hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None]
] = {  # Any: a private key
    "ECDSAP256": (lambda: ec.generate_private_key(ec.SECP256R1()), _SHA256),
    "ECDSAP384": (lambda: ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()),
    "ECDSAP521": (lambda: ec.generate_private_key(ec.SECP521R1()), hashes.SHA512()),
    "ED25519": (ed25519.Ed25519PrivateKey.generate, None),
    "RSA3072": (lambda: rsa.generate_private_key(65537, 3072), _SHA256),
    "RSA4096": (lambda: rsa.generate_private_key(65537, 4096), _SHA256),
}
"""And what their requests are signed with. An RSA key takes up to seconds: make it in a thread."""


class PodKey(msgspec.Struct, frozen=True):
    """``private``: PKCS#8, PEM. ``request``: PKCS#10, DER."""

    private: bytes
    request: bytes


def make(kind: str) -> PodKey:
    """A new one, of a kind that ``PodCertificateProjection.keyType`` has. Raises KeyError for any other."""
    maker, algorithm = _MAKERS[kind]
    key = maker()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(())).sign(key, algorithm)
    encoding, none = serialization.Encoding, serialization.NoEncryption()
    private = key.private_bytes(encoding.PEM, serialization.PrivateFormat.PKCS8, none)
    return PodKey(private, request.public_bytes(encoding.DER))
