"""Certificates that others ask for."""

from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wherry.kube.pki.der import parse_certificate, pem_blocks
from wherry.kube.pki.making import Authority, make_authority
from wherry.kube.pki.requests import CLIENT, KUBELET_CLIENT, KUBELET_SERVING, Order, Refused, check, parse, sign

NOW = 1_800_000_000.0
AUTHORITY = Authority(make_authority(NOW))
KEY = ec.generate_private_key(ec.SECP256R1())
CLIENT_USAGES = ("digital signature", "client auth")
SERVER_USAGES = ("digital signature", "server auth")


def request(name: str, *groups: str, names: tuple[x509.GeneralName, ...] = (), key: object = KEY) -> bytes:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in groups]
    subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM)  # type: ignore[arg-type]


NODE = request("system:node:n1", "system:nodes")
HOST, ADDRESS = x509.DNSName("n1"), x509.IPAddress(ip_address("10.0.0.1"))
SERVING = request("system:node:n1", "system:nodes", names=(HOST, ADDRESS))


def signed(order: Order) -> x509.Certificate:
    return x509.load_der_x509_certificate(pem_blocks(sign(order, AUTHORITY, NOW), "CERTIFICATE")[0])


def test_a_nodes_client_certificate() -> None:
    found = signed(Order(NODE, KUBELET_CLIENT, CLIENT_USAGES))

    assert found.subject.rfc4514_string() == "CN=system:node:n1,O=system:nodes"
    assert list(found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]
    assert found.public_key() == KEY.public_key()
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_nodes_serving_certificate_has_its_names() -> None:
    found = signed(Order(SERVING, KUBELET_SERVING, SERVER_USAGES))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [HOST, ADDRESS]


@pytest.mark.parametrize(
    ("asked", "given"), [(None, 365 * 86400), (3600, 3600), (1, 600), (10 * 365 * 86400, 365 * 86400)]
)
def test_it_is_good_as_long_as_asked_for_between_ten_minutes_and_a_year(asked: int | None, given: int) -> None:
    found = signed(Order(request("alice"), CLIENT, CLIENT_USAGES, asked))
    assert found.not_valid_after_utc.timestamp() == NOW + given
    assert found.not_valid_before_utc.timestamp() == NOW - 300


def test_key_encipherment_is_for_who_asks_for_it() -> None:
    for usages, expected in ((CLIENT_USAGES, False), (("key encipherment", *CLIENT_USAGES), True)):
        found = signed(Order(request("alice"), CLIENT, usages))
        assert found.extensions.get_extension_for_class(x509.KeyUsage).value.key_encipherment is expected


EMAIL, URI = x509.RFC822Name("a@example.com"), x509.UniformResourceIdentifier("spiffe://a")


@pytest.mark.parametrize(
    ("content", "signer", "usages", "why"),
    [
        (request("system:node:n1"), KUBELET_CLIENT, CLIENT_USAGES, "subject organization is not system:nodes"),
        (request("system:node:n1", "system:nodes", "system:masters"), KUBELET_CLIENT, CLIENT_USAGES,
         "subject organization is not system:nodes"),
        (request("n1", "system:nodes"), KUBELET_CLIENT, CLIENT_USAGES,
         "subject common name does not begin with system:node:"),
        (SERVING, KUBELET_CLIENT, CLIENT_USAGES, "DNS subjectAltNames are not allowed"),
        (request("system:node:n1", "system:nodes", names=(EMAIL,)), KUBELET_CLIENT, CLIENT_USAGES,
         "Email subjectAltNames are not allowed"),
        (request("system:node:n1", "system:nodes", names=(ADDRESS,)), KUBELET_CLIENT, CLIENT_USAGES,
         "IP subjectAltNames are not allowed"),
        (request("system:node:n1", "system:nodes", names=(URI,)), KUBELET_CLIENT, CLIENT_USAGES,
         "URI subjectAltNames are not allowed"),
        (NODE, KUBELET_CLIENT, SERVER_USAGES, "usages did not match [client auth digital signature key encipherment]"),
        (NODE, KUBELET_CLIENT, (*CLIENT_USAGES, "cert sign"),
         "usages did not match [client auth digital signature key encipherment]"),
        (NODE, KUBELET_SERVING, SERVER_USAGES, "DNS or IP subjectAltName is required"),
        (request("system:node:n1", names=(HOST,)), KUBELET_SERVING, SERVER_USAGES,
         "subject organization is not system:nodes"),
        (request("system:node:n1", "system:nodes", names=(HOST, EMAIL)), KUBELET_SERVING, SERVER_USAGES,
         "Email subjectAltNames are not allowed"),
        (request("system:node:n1", "system:nodes", names=(HOST, URI)), KUBELET_SERVING, SERVER_USAGES,
         "URI subjectAltNames are not allowed"),
        (SERVING, KUBELET_SERVING, CLIENT_USAGES,
         "usages did not match [digital signature key encipherment server auth]"),
        (request("n1", "system:nodes", names=(HOST,)), KUBELET_SERVING, SERVER_USAGES,
         "subject common name does not begin with system:node:"),
        (request("alice"), CLIENT, ("digital signature",),
         "missing required usage for client certificate: client auth"),
        (request("alice"), CLIENT, (*CLIENT_USAGES, "server auth"),
         "invalid usage for client certificate: server auth"),
        (request("alice"), CLIENT, (*CLIENT_USAGES, "cert sign"), "invalid usage for client certificate: cert sign"),
        (request("alice", "system:masters"), CLIENT, CLIENT_USAGES,
         "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed"),
    ],
)  # fmt: skip
def test_what_a_signer_does_not_sign(content: bytes, signer: str, usages: tuple[str, ...], why: str) -> None:
    with pytest.raises(Refused) as caught:
        sign(Order(content, signer, usages), AUTHORITY, NOW)
    assert str(caught.value) == why


def test_nobody_answers_for_another_signer() -> None:
    with pytest.raises(KeyError):
        check(parse(NODE), CLIENT_USAGES, "kubernetes.io/legacy-unknown")


def tampered() -> bytes:
    der = bytearray(pem_blocks(NODE.decode(), "CERTIFICATE REQUEST")[0])
    at = der.index(b"n1")
    der[at : at + 2] = b"n2"
    return x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "PEM block type must be CERTIFICATE REQUEST"),
        (NODE.replace(b"CERTIFICATE REQUEST", b"CERTIFICATE"), "PEM block type must be CERTIFICATE REQUEST"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "error parsing asn1"),
        (tampered(), "the signature is not that of the key"),
        (request("alice", key=rsa.generate_private_key(65537, 1024)), "at least 2048 bits"),
        (request("alice", key=dsa.generate_private_key(1024)), "the key must be RSA, ECDSA or Ed25519"),
    ],
)  # fmt: skip
def test_what_is_no_request(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(content)


@pytest.mark.filterwarnings("ignore:Attribute's length:UserWarning:tests")
def test_a_long_name_is_signed() -> None:
    name = "system:node:" + ".".join(["a" * 62] * 4)
    subject = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:nodes"),
        x509.NameAttribute(NameOID.COMMON_NAME, name, _validate=False),
    ])  # fmt: skip
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(KEY, hashes.SHA256())
    text = sign(Order(asked.public_bytes(serialization.Encoding.PEM), KUBELET_CLIENT, CLIENT_USAGES), AUTHORITY, NOW)
    assert parse_certificate(pem_blocks(text, "CERTIFICATE")[0]).common_name == name


def test_other_keys_are_signed_too() -> None:
    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())):
        found = signed(Order(request("alice", "devs", key=key), CLIENT, CLIENT_USAGES))
        assert found.public_key() == key.public_key()
        assert parse(request("alice", "devs", key=key)).organizations == ("devs",)
