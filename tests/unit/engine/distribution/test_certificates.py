"""Whom TLS believes: the system's authorities, a registry's own, or anybody where that was asked for."""

import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.unit.engine.distribution.conftest import BLOBS, IMAGE, Client
from tests.unit.engine.distribution.peer import Peer
from wherry.engine.distribution.certificates import context_for
from wherry.http.urls import Origin
from wherry.kit.errors import Invalid, Unavailable


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ``own.crt``, which signs itself, for 127.0.0.1 and registry.lan, and its ``own.key``."""
    directory = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=IP:127.0.0.1,DNS:registry.lan"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=own", "-addext", names, "-keyout", directory / "own.key", "-out", directory / "own.crt"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return directory


@pytest.fixture
async def secure(certificate: Path) -> AsyncIterator[Peer]:
    """A registry with TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "own.crt", certificate / "own.key")
    peer = Peer()
    runner = web.ServerRunner(web.Server(peer._handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    peer.host = f"127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
    peer.add_image("demo", IMAGE, BLOBS, "1")
    yield peer
    await runner.cleanup()


async def test_on_this_machine_anybody_is_believed(client: Client, secure: Peer) -> None:
    client.peer = secure
    await client.pull()
    assert client.shelf.images.count() == 1


async def test_elsewhere_nobody_unknown_is(secure: Peer, certificate: Path) -> None:
    """The network's own rule is what makes 127.0.0.1 insecure; a registry's name is not in it."""
    context = context_for(Origin("https", "registry.lan", 443), True, ())
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


async def test_a_mirror_by_its_name_must_prove_who_it_is(
    client: Client, secure: Peer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wherry.engine.distribution.endpoints import Endpoints

    monkeypatch.setattr(Endpoints, "is_secure", lambda self, domain: True)
    client.peer = secure
    with pytest.raises(Unavailable, match="x509: certificate signed by unknown authority"):
        await client.pull()
    own = certificate.parent / "certs.d" / secure.host
    own.mkdir(parents=True)
    (own / "ca.crt").write_bytes((certificate / "own.crt").read_bytes())
    client.certificates = (own.parent,)
    client._operations = None
    await client.pull()
    assert client.shelf.images.count() == 1


def test_a_clients_certificate_needs_its_key(tmp_path: Path, certificate: Path) -> None:
    directory = tmp_path / "registry.lan"
    directory.mkdir()
    (directory / "client.cert").write_bytes((certificate / "own.crt").read_bytes())
    origin = Origin("https", "registry.lan", 443)
    with pytest.raises(Invalid, match=r"missing key client\.key"):
        context_for(origin, True, (tmp_path,))
    (directory / "client.key").write_bytes((certificate / "own.key").read_bytes())
    context_for(origin, True, (tmp_path,))
    context_for(Origin("https", "registry.lan", 5000), True, (tmp_path,))  # another port, another directory
    (directory / "ca.crt").write_text("nonsense")
    with pytest.raises(Invalid, match="cannot read certificates"):
        context_for(origin, True, (tmp_path,))


def test_insecure_believes_anybody() -> None:
    context = context_for(Origin("https", "127.0.0.1", 5000), False, ())
    assert context.verify_mode is ssl.CERT_NONE
