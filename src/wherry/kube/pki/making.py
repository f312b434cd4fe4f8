"""Keys and certificates, made. The only place besides :mod:`.requests` that loads :mod:`cryptography`."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wherry.kube.pki.model import AUTHORITY_SECONDS, LEAF_SECONDS, NODES, Identity, NodeServer

BACKDATE_SECONDS = 300.0
"""Clocks of clients may be behind (k8s.io/kubernetes pkg/controller/certificates/signer)."""
_ALGORITHM = hashes.SHA256()
_CURVE = ec.SECP256R1()
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


class Request(msgspec.Struct, frozen=True):
    """What a certificate is to say. ``public_key``: any that cryptography knows. Seconds are counted from now."""

    common_name: str
    organizations: tuple[str, ...]
    public_key: Any
    usages: tuple[x509.ObjectIdentifier, ...]
    seconds: float = LEAF_SECONDS
    names: tuple[x509.GeneralName, ...] = ()
    encipherment: bool = False


class Authority:
    """Signs. ``text`` has its private key and its certificate, PEM."""

    def __init__(self, text: str) -> None:
        key = serialization.load_pem_private_key(text.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        self._certificate = x509.load_pem_x509_certificate(text[text.index("-----BEGIN CERTIFICATE") :].encode())
        if self._certificate.public_key() != key.public_key():
            raise ValueError("the certificate is of another key")

    def issue(self, request: Request, now: float) -> str:
        """The certificate, PEM. It never outlives the authority."""
        own = self._certificate
        end = min(_moment(now + request.seconds), own.not_valid_after_utc)
        builder = _builder(_name(request.common_name, request.organizations), own.subject, request.public_key)
        builder = builder.not_valid_before(_moment(now - BACKDATE_SECONDS)).not_valid_after(end)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(encipherment=request.encipherment), critical=True)
        if request.usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(request.usages), critical=False)
        identifier = own.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        builder = builder.add_extension(issuer, critical=False)
        if request.names:
            builder = builder.add_extension(x509.SubjectAlternativeName(request.names), critical=False)
        return _pem(builder.sign(self._key, _ALGORITHM))

    def client(self, identity: Identity, now: float) -> str:
        """Key and certificate of a client, PEM."""
        key = ec.generate_private_key(_CURVE)
        return private_pem(key) + self.issue(Request(identity.user, identity.groups, key.public_key(), (CLIENT,)), now)

    def serving(self, names: Iterable[str], now: float) -> str:
        """Key and certificate of the API server under these names and addresses, PEM."""
        return self._server("kube-apiserver", (), names, now)

    def node_serving(self, server: NodeServer, now: float) -> str:
        """Key and certificate of a node's own server, PEM."""
        return self._server(server.user, (NODES,), server.names, now)

    def _server(self, common_name: str, organizations: tuple[str, ...], names: Iterable[str], now: float) -> str:
        key = ec.generate_private_key(_CURVE)
        alternatives = tuple(_alternative(each) for each in names)
        request = Request(common_name, organizations, key.public_key(), (SERVER,), names=alternatives)
        return private_pem(key) + self.issue(request, now)


def make_authority(now: float) -> str:
    """A new authority: key and certificate that vouches for itself, PEM."""
    key = ec.generate_private_key(_CURVE)
    name = _name("kubernetes", ())
    builder = _builder(name, name, key.public_key())
    builder = builder.not_valid_before(_moment(now - BACKDATE_SECONDS)).not_valid_after(
        _moment(now + AUTHORITY_SECONDS)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs=True, encipherment=True), critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("kubernetes")]), critical=False)
    return private_pem(key) + _pem(builder.sign(key, _ALGORITHM))


def make_signing_key() -> str:
    """A new key for tokens: private and public part, PEM."""
    key = ec.generate_private_key(_CURVE)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private_pem(key) + public.decode()


def private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _name(common_name: str, organizations: Iterable[str]) -> x509.Name:
    attributes = [_attribute(NameOID.ORGANIZATION_NAME, each) for each in organizations]
    return x509.Name([*attributes, _attribute(NameOID.COMMON_NAME, common_name)])


def _attribute(oid: x509.ObjectIdentifier, value: str) -> "x509.NameAttribute[str]":
    with long_names():
        return x509.NameAttribute(oid, value, _validate=False)


@contextmanager
def long_names() -> Iterator[None]:
    """X.520 allows 64 bytes, and everybody more: ``system:node:`` and a node's name can be 265. The library says so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Attribute's length")
        yield


def _alternative(name: str) -> x509.GeneralName:
    address = as_address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def as_address(name: str) -> IPv4Address | IPv6Address | None:
    """None: it is a name."""
    try:
        return ip_address(name)
    except ValueError:
        return None


def _builder(subject: x509.Name, issuer: x509.Name, key: Any) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number())


def _key_usage(*, signs: bool = False, encipherment: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
