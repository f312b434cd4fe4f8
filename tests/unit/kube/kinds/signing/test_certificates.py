"""Requests and certificates: whether they are any."""

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kube.kinds.signing.examples import certificate, key, request
from wherry.kube.kinds.signing import certificates


def test_a_request() -> None:
    assert certificates.read_pem_request(request()).is_signature_valid
    assert certificates.public_bytes(certificates.read_request(request(Encoding.DER)))


@pytest.mark.parametrize("data", [b"", b"x", b"-----BEGIN X-----\nYQ==\n-----END X-----\n"])
def test_what_is_no_block_of_a_request(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^PEM block type must be CERTIFICATE REQUEST$"):
        certificates.read_pem_request(data)


def test_a_request_that_somebody_changed() -> None:
    der = bytearray(request(Encoding.DER))
    der[-1] ^= 1
    with pytest.raises(ValueError, match=r"^x509: "):
        certificates.read_request(bytes(der))


@settings(max_examples=50)
@given(st.binary(max_size=60) | st.integers(0, 150).map(lambda at: request(Encoding.DER)[:at]))
def test_anything_else_is_refused(der: bytes) -> None:
    for read in (certificates.read_request, certificates.read_certificate):
        with pytest.raises(ValueError, match=r"^x509: "):
            read(der)


def test_what_was_issued() -> None:
    certificates.check_issued(b"")
    certificates.check_issued(certificate() + certificate(authority=True))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"x", "must contain at least one CERTIFICATE PEM block"),
        (request(), 'only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"'),
        (certificate().replace(b"-----\n", b"-----\nA: b\n", 1), "no PEM block headers are permitted"),
    ],
)
def test_what_was_not(data: bytes, why: str) -> None:
    with pytest.raises(ValueError) as caught:
        certificates.check_issued(data)
    assert str(caught.value) == why


def test_trust_anchors() -> None:
    one, other = certificate(authority=True).decode(), certificate(authority=True, number=1).decode()
    leaf = certificate().decode()
    assert list(certificates.bundle_complaints(one + other)) == []
    assert list(certificates.bundle_complaints("")) == ["at least one trust anchor must be provided"]
    assert list(certificates.bundle_complaints(one + one)) == ["duplicate trust anchor (indices [0 1])"]
    wrong = one + leaf + certificate(authority=False).decode() + request().decode()
    assert list(certificates.bundle_complaints(wrong)) == [
        "entry 1 does not have the CA bit set",
        "entry 2 does not have the CA bit set",
        "entry 3 has bad block type: CERTIFICATE REQUEST",
    ]
    broken = "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"
    headed = one.replace("-----\n", "-----\nA: b\n", 1)
    assert list(certificates.bundle_complaints(broken + headed)) == [
        "entry 0 does not parse as X.509",
        "entry 1 has PEM block headers",
    ]


def test_keys_that_a_pod_may_have() -> None:
    assert certificates.key_complaint(key(0).public_key()) == ""
    assert certificates.key_complaint(ed25519.Ed25519PrivateKey.generate().public_key()) == ""
    numbers = rsa.RSAPublicNumbers(65537, (1 << 3071) + 1)
    assert certificates.key_complaint(numbers.public_key()) == ""


def test_keys_that_it_may_not() -> None:
    small = rsa.RSAPublicNumbers(65537, (1 << 2047) + 1).public_key()
    odd = ec.generate_private_key(ec.SECP256K1()).public_key()
    parameters = dsa.DSAParameterNumbers(p=(1 << 1023) + 1, q=(1 << 159) + 1, g=2)
    assert certificates.key_complaint(small) == "RSA keys must have modulus size 3072 or 4096"
    assert certificates.key_complaint(odd) == "elliptic public keys must use curve P256 or P384"
    unknown = dsa.DSAPublicNumbers(2, parameters).public_key()
    assert certificates.key_complaint(unknown).startswith("unknown public key type")
