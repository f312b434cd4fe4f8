"""Reading certificates without a library."""

import ipaddress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.pki.der import Certificate, parse_certificate, pem, pem_blocks

KEY = ec.generate_private_key(ec.SECP256R1())
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)
TIMES = st.datetimes(datetime(1951, 1, 1), datetime(2200, 1, 1)).map(
    lambda each: each.replace(microsecond=0, tzinfo=UTC)
)
LABEL = st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True)
ADDRESSES = st.ip_addresses()


def made(builder: x509.CertificateBuilder) -> bytes:
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def blank(name: x509.Name) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(x509.Name([])).public_key(KEY.public_key())
    return builder.serial_number(x509.random_serial_number())


SOUND = made(
    blank(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alice")]))
    .not_valid_before(datetime(2026, 1, 1))
    .not_valid_after(datetime(2027, 1, 1))
    .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("::1"))]), critical=False)
)


@given(TEXT, st.lists(TEXT, max_size=3), TIMES, TIMES, st.lists(LABEL, max_size=3), st.lists(ADDRESSES, max_size=3))
def test_it_reads_what_a_library_writes(
    name: str, groups: list[str], first: datetime, second: datetime, hosts: list[str], addresses: list[object]
) -> None:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, each, _validate=False) for each in groups]
    builder = blank(x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name, _validate=False)]))
    start, end = sorted((first, second))
    builder = builder.not_valid_before(start).not_valid_after(end)
    names = [x509.DNSName(each) for each in hosts] + [x509.IPAddress(each) for each in addresses]  # type: ignore[arg-type]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    subject = x509.SubjectKeyIdentifier(b"own")
    issuer = x509.AuthorityKeyIdentifier(b"other", None, None)
    builder = builder.add_extension(subject, critical=False).add_extension(issuer, critical=False)

    public = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert parse_certificate(made(builder)) == Certificate(
        name, tuple(groups), "", start.timestamp(), end.timestamp(), public, tuple(hosts),
        tuple(str(each) for each in addresses), b"own", b"other",
    )  # fmt: skip


@pytest.mark.parametrize(
    "kind", [_ASN1Type.UTF8String, _ASN1Type.PrintableString, _ASN1Type.T61String, _ASN1Type.BMPString]
)
def test_texts_have_several_encodings(kind: _ASN1Type) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alice", kind)])
    builder = blank(name).not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2027, 1, 1))
    assert parse_certificate(made(builder)).common_name == "alice"


def test_the_last_common_name_counts() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each) for each in ("a", "b")])
    builder = blank(name).not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2027, 1, 1))
    assert parse_certificate(made(builder)).common_name == "b"


def test_two_uids_are_no_uid() -> None:
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.57683.2")
    name = x509.Name([x509.NameAttribute(oid, each) for each in ("a", "b")])
    builder = blank(name).not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2027, 1, 1))
    with pytest.raises(ValueError, match="more than one uid"):
        parse_certificate(made(builder))


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_rsa_certificates_of_the_machine_are_read_as_the_library_reads_them() -> None:
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    if not bundle.exists():
        pytest.skip("no bundle of certificates here")
    for der in pem_blocks(bundle.read_text(), "CERTIFICATE"):
        found, other = parse_certificate(der), x509.load_der_x509_certificate(der)
        assert found.not_after == other.not_valid_after_utc.timestamp()
        names = other.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert found.common_name == (names[-1].value if names else "")


@given(st.binary(max_size=300))
def test_anything_else_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse_certificate(data)


@given(st.integers(0, 1000), st.integers(0, 255), st.integers(0, 1000))
def test_a_damaged_certificate_is_read_or_a_value_error(at: int, byte: int, cut: int) -> None:
    der = bytearray(SOUND)
    der[at % len(der)] = byte
    try:
        parse_certificate(bytes(der[: len(der) - cut % 40]))
    except ValueError:
        pass


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=3))
def test_pem_there_and_back(contents: list[bytes]) -> None:
    text = "before\n" + "".join(pem("THING", each) + pem("OTHER", b"x") for each in contents)
    assert pem_blocks(text, "THING") == contents


@pytest.mark.parametrize("text", ["-----BEGIN X-----\nAAAA\n", "-----BEGIN X-----\n%%%%\n-----END X-----"])
def test_a_broken_block_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        pem_blocks(text, "X")
