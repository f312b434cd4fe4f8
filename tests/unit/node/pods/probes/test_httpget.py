"""GETs of probes."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.node.pods.probes.servers import saying, serving, silent
from wherry.node.pods.probes import httpget, targets
from wherry.node.pods.probes.targets import Request


def to(port: int, path: str = "/", scheme: str = "http", headers: tuple[tuple[str, str], ...] = ()) -> Request:
    return Request(scheme, "127.0.0.1", port, path, headers)


async def test_an_answer() -> None:
    heard: list[bytes] = []
    async with serving(saying(b"HTTP/1.1 302 Found\r\nlocation: /x\r\nContent-Length: 0\r\n\r\n", heard)) as port:
        found = await httpget.get(to(port, "/h?a=b", headers=(("User-Agent", "me"), ("X", "y"))), 5)
    assert found == httpget.Answer(302, "/x")
    assert heard[0].decode().splitlines() == [
        "GET /h?a=b HTTP/1.1", f"Host: 127.0.0.1:{port}", "User-Agent: me", "X: y", "Connection: close", "",
    ]  # fmt: skip


async def test_a_host_of_ones_own() -> None:
    heard: list[bytes] = []
    async with serving(saying(b"HTTP/1.1 204 No Content\r\n\r\n", heard)) as port:
        await httpget.get(to(port, headers=(("Host", "shop.example"),)), 5)
    assert b"\r\nHost: shop.example\r\n" in heard[0]


async def test_what_comes_before_the_answer_is_none() -> None:
    async with serving(saying(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")) as port:
        assert (await httpget.get(to(port), 5)).status == 200


async def test_an_answer_without_an_end_of_its_head_will_do() -> None:
    async with serving(saying(b"HTTP/1.0 503 no\r\n")) as port:
        assert (await httpget.get(to(port), 5)).status == 503


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "EOF"),
        (b"hello\r\n\r\n", "malformed HTTP response"),
        (b"HTTP/1.1 abc\r\n\r\n", "malformed HTTP response"),
        (b"\x00\x01\x02", "malformed HTTP response"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20000, "exceeded limit"),
    ],
)
async def test_what_is_no_answer(data: bytes, said: str) -> None:
    async with serving(saying(data)) as port:
        with pytest.raises(httpget.Unanswered, match=said):
            await httpget.get(to(port), 5)


async def test_who_does_not_listen() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(httpget.Unanswered) as found:
            await httpget.get(to(port), 5)
    assert str(found.value) == f"dial tcp 127.0.0.1:{port}: connect: connection refused"


async def test_who_says_nothing() -> None:
    async with serving(silent) as port:
        with pytest.raises(httpget.Unanswered, match="context deadline exceeded"):
            await httpget.get(to(port), 0.05)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of nobody one knows, and long expired."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "pair.pem"
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(made.public_bytes(encoding) + private)
    return path


async def test_any_certificate_will_do(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with serving(saying(b"HTTP/1.1 200 OK\r\n\r\n"), context) as port:
        assert (await httpget.get(to(port, scheme="https"), 5)).status == 200


async def test_no_tls_where_tls_is_wanted() -> None:
    async with serving(saying(b"HTTP/1.1 400 no\r\n\r\n")) as port:
        with pytest.raises(httpget.Unanswered):
            await httpget.get(to(port, scheme="https"), 5)


def test_authorities() -> None:
    assert targets.authority("fd00::1", 80) == "[fd00::1]:80"
