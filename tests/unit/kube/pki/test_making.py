"""Keys and certificates, as OpenSSL and others see them."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from wherry.kube.pki.der import pem_blocks
from wherry.kube.pki.making import Authority, Request, make_authority, make_signing_key
from wherry.kube.pki.model import AUTHORITY_SECONDS, LEAF_SECONDS, Identity

NOW = 1_800_000_000.0
TEXT = make_authority(NOW)


def read(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(pem_blocks(text, "CERTIFICATE")[0])


def usages(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_the_authority_may_sign_and_vouches_for_itself() -> None:
    found = read(TEXT)
    found.verify_directly_issued_by(found)
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert found.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert found.not_valid_after_utc.timestamp() == NOW + AUTHORITY_SECONDS


def test_a_clients_certificate_is_good_for_clients_alone() -> None:
    found = read(Authority(TEXT).client(Identity("x", "alice", ("devs", "ops")), NOW))
    found.verify_directly_issued_by(read(TEXT))

    assert usages(found) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert found.subject.rfc4514_string() == "CN=alice,O=ops,O=devs"
    assert found.not_valid_before_utc.timestamp() == NOW - 300
    assert found.not_valid_after_utc.timestamp() == NOW + LEAF_SECONDS


def test_the_servers_is_good_for_servers_alone() -> None:
    found = read(Authority(TEXT).serving(("localhost", "127.0.0.1", "::1"), NOW))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert usages(found) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_nothing_outlives_the_authority() -> None:
    late = NOW + AUTHORITY_SECONDS - 100
    key = ec.generate_private_key(ec.SECP256R1())
    found = read(Authority(TEXT).issue(Request("a", (), key.public_key(), ()), late))
    assert found.not_valid_after_utc == read(TEXT).not_valid_after_utc


def test_keys_are_different_each_time_and_on_the_curve_of_tokens() -> None:
    assert make_signing_key() != make_signing_key()
    assert read(TEXT).public_key().curve.name == "secp256r1"  # type: ignore[union-attr]


def test_the_key_of_another_authority_is_refused() -> None:
    other = make_authority(NOW)
    mixed = other[: other.index("-----BEGIN CERTIFICATE")] + TEXT[TEXT.index("-----BEGIN CERTIFICATE") :]
    with pytest.raises(ValueError, match="another key"):
        Authority(mixed)
