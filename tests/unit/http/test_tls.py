"""Handshakes that fail, of real clients with a real server, on both loops."""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop
from aiohttp import web

from wherry.http.server import serve_tcp
from wherry.http.tls import ServerContext
from wherry.kube.pki.contexts import client_context, serving_context
from wherry.kube.pki.directory import ensure
from wherry.kube.pki.model import Pki, Wanted

Client = Callable[[int], str]
LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


def made(directory: Path) -> Pki:
    return ensure(directory, Wanted(host="box"), time.time())


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return made(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return made(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def context(pki: Pki) -> ssl.SSLContext:
    return serving_context(pki.authority_pem, pki.serving)


async def told(context: ssl.SSLContext, client: Client) -> str:
    """What the client, which blocks, says of a server that answers ``yes``."""

    async def yes(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="yes")

    def refuse(code: int, message: str) -> web.Response:
        return web.Response(status=code, text=message)

    async with await serve_tcp(yes, "127.0.0.1", 0, refuse, context) as server:
        return await asyncio.to_thread(client, server.port)


def plainly(said: bytes) -> Client:
    """A client without TLS: what it is answered, to the end."""

    def ask(port: int) -> str:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
            sock.sendall(said)
            answer = b""
            while b"\r\n\r\n" not in answer or not answer.endswith(b"\n"):
                piece = sock.recv(65536)
                if not piece:
                    break
                answer += piece
            return answer.decode("latin-1")

    return ask


def inside(context: ssl.SSLContext) -> Client:
    """A client with TLS: its answer, or the reason why there is none."""

    def ask(port: int) -> str:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
            try:
                with context.wrap_socket(sock, server_hostname="localhost") as tls:
                    tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    return tls.recv(65536).decode().partition("\r\n")[0]
            except ssl.SSLError as error:
                return error.reason or ""

    return ask


Run = Callable[[Awaitable[str]], str]


@LOOPS
def test_who_may_come_in_is_answered(run: Run, pki: Pki, context: ssl.SSLContext) -> None:
    assert isinstance(context, ServerContext)
    known = client_context(pki.authority_pem, pki.clients["admin"])
    assert run(told(context, inside(known))) == "HTTP/1.1 200 OK"


@LOOPS
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_who_speaks_plain_http_is_told_so(run: Run, context: ssl.SSLContext, method: str) -> None:
    """In the words of Go's servers."""
    answer = run(told(context, plainly(f"{method} /healthz HTTP/1.1\r\nHost: x\r\n\r\n".encode())))
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.0 400 Bad Request\r\n") and f"Content-Length: {len(body)}" in head
    assert body == "Client sent an HTTP request to an HTTPS server.\n"


@LOOPS
def test_a_certificate_of_another_authority_is_refused_by_an_alert(
    run: Run, pki: Pki, stranger: Pki, context: ssl.SSLContext
) -> None:
    unknown = client_context(pki.authority_pem, stranger.clients["admin"])
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        unknown.minimum_version = unknown.maximum_version = version
        assert run(told(context, inside(unknown))) == "TLSV1_ALERT_UNKNOWN_CA"


@LOOPS
def test_a_version_that_is_too_old_is_refused_by_an_alert(run: Run, pki: Pki, context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    old = client_context(pki.authority_pem)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert run(told(context, inside(old))) == "TLSV1_ALERT_PROTOCOL_VERSION"


@LOOPS
def test_a_client_that_goes_on_after_its_failure_is_let_go(run: Run, context: ssl.SSLContext) -> None:
    def ask(port: int) -> str:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            answer = sock.recv(65536)
            try:
                sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
                while piece := sock.recv(65536):
                    answer += piece
            except ConnectionError:
                pass
            return answer.decode()

    assert run(told(context, ask)).count("HTTP/1.0 400 Bad Request") == 1
