"""Served: over TLS, on a port that is taken, and stopped in the middle."""

import asyncio
import ssl
from pathlib import Path

import pytest

from tests.unit import certificates
from tests.unit.engine.registry.conftest import Depot
from wherry.kit.errors import Conflict, Invalid
from wherry.registryapi.access import Open
from wherry.registryapi.options import Options
from wherry.registryapi.server import guard, rules, serve_registry


async def over_tls(port: int, authority: Path) -> bytes:
    """The answer to ``GET /v2/``."""
    context = ssl.create_default_context(cafile=str(authority))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(b"GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer


async def test_tls_is_spoken_and_a_renewed_certificate_taken(tmp_path: Path, depot: Depot) -> None:
    made = certificates.make(tmp_path)
    options = Options(listen="127.0.0.1:0", tls_cert=made.certificate, tls_key=made.key)
    server = await serve_registry(depot.registry, options)
    assert server.address == f"https://127.0.0.1:{server.port}"
    assert (await over_tls(server.port, made.authority)).startswith(b"HTTP/1.1 200 OK")
    made.certificate.write_bytes(b"nonsense")
    server.reload()
    assert (await over_tls(server.port, made.authority)).startswith(b"HTTP/1.1 200 OK")
    renewed = certificates.make(tmp_path)  # by another authority, in the same files
    server.reload()
    assert (await over_tls(server.port, renewed.authority)).startswith(b"HTTP/1.1 200 OK")
    await server.stop()


async def test_a_taken_port_leaves_nothing_running(tmp_path: Path, depot: Depot) -> None:
    server = await serve_registry(depot.registry, Options(listen="127.0.0.1:0"))
    server.reload()  # there is nothing to reload
    assert server.address.startswith("http://127.0.0.1:")
    (tmp_path / "second").mkdir()
    second = Depot.at(tmp_path / "second")
    before = len(asyncio.all_tasks())
    with pytest.raises(Conflict, match="another program listens there"):
        await serve_registry(second.registry, Options(listen=f"127.0.0.1:{server.port}"))
    assert len(asyncio.all_tasks()) == before
    with pytest.raises(Invalid, match="is not HOST:PORT"):
        await serve_registry(second.registry, Options(listen="x"))
    await server.stop()


def test_who_is_asked_decides_to_which_names_we_answer() -> None:
    assert isinstance(guard(Options()), Open)
    assert rules(Options(), Open()).own_name == "127.0.0.1"
    assert rules(Options(listen=":5000"), Open()).own_name is None

    class Closed(Open):
        is_open = False

    assert rules(Options(), Closed()).own_name is None
    found = rules(Options(read_only=True, allow_delete=True), Open())
    assert (found.read_only, found.allow_delete) == (True, True)
