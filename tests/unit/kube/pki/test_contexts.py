"""TLS, between a real server and real clients."""

import asyncio
import ssl
import time
from pathlib import Path

import msgspec
import pytest

from wherry.kube.apiserver.authn.certificates import Certificates
from wherry.kube.apiserver.model import Credentials
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.contexts import client_context, load, server_context, serving_context
from wherry.kube.pki.der import parse_certificate
from wherry.kube.pki.directory import ensure
from wherry.kube.pki.model import Identity, Pki, Wanted


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return ensure(tmp_path / "pki", Wanted(host="box"), time.time())


class Server:
    """Says what certificate it was shown."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self.seen: list[bytes | None] = []

    async def __aenter__(self) -> "Server":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        self.seen.append(tls.getpeercert(binary_form=True))
        writer.write(f"{tls.selected_alpn_protocol()} {tls.version()}\n".encode())
        writer.close()

    async def ask(self, context: ssl.SSLContext, name: str = "localhost") -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context, server_hostname=name)
        try:
            return (await reader.readline()).decode().strip()
        finally:
            writer.close()


@pytest.mark.parametrize("name", ["localhost", "box", "kubernetes.default.svc", "127.0.0.1", "10.96.0.1"])
async def test_a_client_that_trusts_the_authority_finds_the_server_under_all_its_names(pki: Pki, name: str) -> None:
    async with Server(server_context(pki)) as server:
        assert await server.ask(client_context(pki.authority_pem), name) == "http/1.1 TLSv1.3"
        assert server.seen == [None]


async def test_a_certificate_that_is_shown_is_verified_and_seen(pki: Pki) -> None:
    async with Server(server_context(pki)) as server:
        assert await server.ask(client_context(pki.authority_pem, pki.clients["admin"]))
        assert server.seen == [pki.clients["admin"].certificate_der]


async def test_a_node_may_have_a_long_name(pki: Pki, tmp_path: Path) -> None:
    name = ".".join(["a" * 62] * 4)
    found = ensure(pki.directory, Wanted(host="box", clients=(Identity("node", f"system:node:{name}"),)), time.time())
    async with Server(server_context(found)) as server:
        assert await server.ask(client_context(found.authority_pem, found.clients["node"]))
        assert parse_certificate(server.seen[0] or b"").common_name == f"system:node:{name}"


async def test_a_certificate_whose_time_is_over_passes_to_who_asks_for_its_time(tmp_path: Path) -> None:
    """To the API server: a node's own server lets none in."""
    directory, now = tmp_path / "pki", time.time()
    old = ensure(directory, Wanted(host="box"), now - 500 * 86400).clients["admin"]
    kept = tmp_path / "old.pem"
    kept.write_bytes(old.path.read_bytes())
    pki = ensure(directory, Wanted(host="box"), now)
    assert parse_certificate(old.certificate_der).not_after < now
    client = client_context(pki.authority_pem, msgspec.structs.replace(old, path=kept))
    async with Server(server_context(pki)) as server:
        assert await server.ask(client)
        assert server.seen == [old.certificate_der]
        with pytest.raises(StatusError) as refused:
            Certificates().authenticate(Credentials("", old.certificate_der))
        assert refused.value.code == 401
    async with Server(serving_context(pki.authority_pem, pki.serving)) as server:
        assert await said(server, client) == "" and server.seen == []


async def said(server: Server, context: ssl.SSLContext) -> str:
    """Nothing, where the connection ends before."""
    try:
        return await server.ask(context)
    except OSError:
        return ""


async def test_a_strangers_certificate_ends_the_connection(pki: Pki, tmp_path: Path) -> None:
    stranger = ensure(tmp_path / "other", Wanted(), time.time())
    async with Server(server_context(pki)) as server:
        assert await said(server, client_context(pki.authority_pem, stranger.clients["admin"])) == ""
        assert server.seen == []


async def test_the_servers_own_certificate_is_nobodys_identity(pki: Pki) -> None:
    async with Server(server_context(pki)) as server:
        try:
            said = await server.ask(client_context(pki.authority_pem, pki.serving))
        except OSError:
            said = ""
        assert said == ""
        assert server.seen == []


async def test_a_client_that_trusts_another_authority_does_not_talk(pki: Pki, tmp_path: Path) -> None:
    stranger = ensure(tmp_path / "other", Wanted(), time.time())
    async with Server(server_context(pki)) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await server.ask(client_context(stranger.authority_pem))
        with pytest.raises(ssl.SSLCertVerificationError):
            await server.ask(client_context(pki.authority_pem), "example.com")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_nothing_older_than_tls_1_2(pki: Pki) -> None:
    old = client_context(pki.authority_pem)
    old.minimum_version = ssl.TLSVersion.TLSv1_1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    async with Server(server_context(pki)) as server:
        with pytest.raises(OSError):
            await server.ask(old)
        twelve = client_context(pki.authority_pem)
        twelve.maximum_version = ssl.TLSVersion.TLSv1_2
        assert await server.ask(twelve) == "http/1.1 TLSv1.2"


async def test_a_renewed_certificate_is_shown_from_then_on(pki: Pki) -> None:
    context = server_context(pki)
    async with Server(context) as server:
        pki.serving.path.unlink()
        renewed = ensure(pki.directory, Wanted(host="new-name"), time.time())
        load(context, renewed.serving)
        assert await server.ask(client_context(pki.authority_pem), "new-name")
