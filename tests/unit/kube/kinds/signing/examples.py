"""Keys, requests and certificates to test with."""

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@cache
def key(number: int) -> Any:
    """The same one for a number, of a test run."""
    return ec.generate_private_key(ec.SECP256R1())


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@cache
def request(encoding: Encoding = Encoding.PEM) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name("me"))
    return builder.sign(key(0), hashes.SHA256()).public_bytes(encoding)


def certificate(days: float = 1, *, authority: bool | None = None, number: int = 0) -> bytes:
    """PEM, of a key, from :data:`START` on."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name("me"))
        .issuer_name(_name("me"))
        .public_key(key(number).public_key())
        .serial_number(1)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=days))
    )
    if authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    return builder.sign(key(number), hashes.SHA256()).public_bytes(Encoding.PEM)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()
