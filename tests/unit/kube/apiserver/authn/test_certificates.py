"""Client certificates."""

from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.kube.apiserver.authn.keys import NOW, Clock
from wherry.kube.apiserver.authn.certificates import Certificates
from wherry.kube.apiserver.model import Credentials, User
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.der import pem_blocks
from wherry.kube.pki.making import Authority, make_authority
from wherry.kube.pki.model import CERTIFICATE, Identity

AUTHORITY = Authority(make_authority(NOW))


def certificate(user: str, *groups: str) -> bytes:
    return pem_blocks(AUTHORITY.client(Identity("x", user, groups), NOW), CERTIFICATE)[0]


def who(der: bytes, now: float = NOW) -> User | None:
    found = Certificates(Clock(now)).authenticate(Credentials(certificate=der))
    return None if found is None else found.user


def test_the_common_name_is_the_user_and_organizations_are_groups() -> None:
    der = certificate("alice", "devs", "ops")
    extra = {"authentication.kubernetes.io/credential-id": (f"X509SHA256={sha256(der).hexdigest()}",)}
    assert who(der) == User("alice", ("devs", "ops", "system:authenticated"), "", extra)


def test_masters_are_made_by_certificate() -> None:
    found = who(certificate("root", "system:masters"))
    assert found is not None
    assert "system:masters" in found.groups


def test_nobody_without_a_certificate_or_a_name() -> None:
    assert who(b"") is None
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters")])
    nameless = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(_at(NOW - 10)).not_valid_after(_at(NOW + 10)).sign(key, hashes.SHA256())
    )  # fmt: skip
    assert who(nameless.public_bytes(serialization.Encoding.DER)) is None


def test_the_uid_is_an_attribute_of_the_name() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    uid = x509.NameAttribute(x509.ObjectIdentifier("1.3.6.1.4.1.57683.2"), "uid-7")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alice"), uid])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(_at(NOW - 10)).not_valid_after(_at(NOW + 10)).sign(key, hashes.SHA256())
    )  # fmt: skip
    found = who(made.public_bytes(serialization.Encoding.DER))
    assert found is not None
    assert found.uid == "uid-7"


def _at(seconds: float):  # type: ignore[no-untyped-def]
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize("away", [-600, 366 * 86400])
def test_outside_its_time_it_is_refused_though_the_connection_is_older(away: float) -> None:
    clock = Clock()
    certificates = Certificates(clock)
    credentials = Credentials(certificate=certificate("alice"))
    assert certificates.authenticate(credentials) is not None

    clock.now += away
    with pytest.raises(StatusError) as caught:
        certificates.authenticate(credentials)
    assert caught.value.code == 401


@pytest.mark.parametrize("der", [b"x", b"\x30\x80", b"\x30\x03\x02\x01\x01"])
def test_what_is_no_certificate_is_refused(der: bytes) -> None:
    with pytest.raises(StatusError):
        who(der)
