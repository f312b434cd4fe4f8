"""Bytes both ways over a socket."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from tests.unit.certificates import make
from wherry.http import duplex
from wherry.http.duplex import READ_AHEAD_BYTES, Wire, copy


async def wires(theirs: ssl.SSLContext | None = None, ours: ssl.SSLContext | None = None) -> tuple[Wire, Wire]:
    """Two ends of a TCP connection, the client's first; with contexts, TLS is inside."""
    loop = asyncio.get_running_loop()
    accepted: asyncio.Future[Wire] = loop.create_future()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(Wire(reader, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=READ_AHEAD_BYTES, ssl=theirs)
    opened = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=READ_AHEAD_BYTES, ssl=ours)
    found = Wire(*opened), await accepted
    server.close()
    return found


async def test_what_is_written_is_read_and_an_end_is_an_end() -> None:
    one, two = await wires()
    await one.write(b"hello")
    assert await two.read() == b"hello"
    one.end()
    assert await two.read() == b""
    await two.write(b"still")
    assert await one.read() == b"still"
    assert one.peer_certificate() == b"" and one.address("peername") == two.address("sockname")
    one.close()
    two.close()


async def test_who_does_not_read_makes_the_writer_wait() -> None:
    one, two = await wires()
    writing = asyncio.create_task(one.write(bytes(64 << 20)))
    await asyncio.sleep(0.1)
    assert not writing.done()
    read = 0
    while read < 64 << 20:
        read += len(await two.read())
    await writing
    one.close()
    two.close()


async def test_a_closed_wire_is_not_written_to() -> None:
    one, two = await wires()
    one.close()
    with pytest.raises(ConnectionResetError):
        await one.write(b"x")
    one.close()
    two.close()


@pytest.mark.parametrize("peer_closes_first", [True, False])
async def test_a_wire_can_be_closed_left_and_aborted_more_than_once(tmp_path: Path, peer_closes_first: bool) -> None:
    files = make(tmp_path)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(files.certificate, files.key)
    one, two = await wires(theirs, ssl.create_default_context(cafile=str(files.authority)))
    if peer_closes_first:
        two.close()
        assert await one.read() == b""
    for _ in range(2):
        one.close()
        one.leave()
        one.abort()
    two.close()


async def test_an_abort_is_heard_even_by_who_has_not_read() -> None:
    one, two = await wires()
    await two.write(bytes(1 << 20))
    one.abort()
    one.abort()
    with pytest.raises(ConnectionError):
        while True:
            await two.write(bytes(1 << 16))
            await asyncio.sleep(0)
    two.close()


async def test_a_peer_that_goes_while_nothing_is_read_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplex, "PEER_CHECK_SECONDS", 0.01)
    one, two = await wires()
    losing = asyncio.create_task(two.lost())
    writing = asyncio.create_task(one.write(bytes(32 << 20)))
    await asyncio.sleep(0.1)
    assert not losing.done()
    writing.cancel()
    one.abort()
    await asyncio.wait_for(losing, 60)
    two.close()


async def test_a_peer_that_is_read_from_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplex, "PEER_CHECK_SECONDS", 0.01)
    one, two = await wires()
    losing = asyncio.create_task(two.lost())
    one.end()
    await asyncio.sleep(0.1)
    assert not losing.done()
    two.close()
    await asyncio.wait_for(losing, 60)
    one.close()


async def test_silent_peers_are_asked_whether_they_are_there() -> None:
    one, two = await wires()
    sock: socket.socket = one._writer.get_extra_info("socket")
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
    duplex.keep_alive(None)
    one.close()
    two.close()


async def test_a_copy_ends_with_its_source() -> None:
    one, two = await wires()
    three, four = await wires()
    copying = asyncio.create_task(copy(two, three))
    await one.write(b"through")
    assert await four.read() == b"through"
    one.end()
    await copying
    for each in (one, two, three, four):
        each.close()
