"""Streams over a connection, both ends real."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.unit.http.spdy.pipes import Pipe, pipes
from wherry.http.spdy.connection import MAX_STREAMS
from wherry.http.spdy.frames import ProtocolError, Status
from wherry.http.spdy.session import INBOX_BYTES, Session, Stream


@asynccontextmanager
async def sessions() -> AsyncIterator[tuple[Session, Session, Pipe]]:
    """Client, server, and the client's end of what is between them."""
    one, two = pipes()
    client, server = Session(one, is_client=True), Session(two)
    running = [asyncio.create_task(each.run()) for each in (client, server)]
    try:
        yield client, server, one
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await one.close()


async def opened(client: Session, server: Session) -> tuple[Stream, Stream]:
    ours = await client.open({"streamtype": "data"})
    theirs = await server.accept()
    assert theirs is not None and theirs.headers == {"streamtype": "data"}
    await theirs.reply()
    return ours, theirs


async def whole(stream: Stream) -> bytes:
    found = b""
    while data := await stream.read():
        found += data
    return found


async def test_what_is_written_is_read_and_the_end_is_heard() -> None:
    async with sessions() as (client, server, _):
        ours, theirs = await opened(client, server)
        await ours.write(b"question")
        await ours.finish()
        assert await whole(theirs) == b"question"
        await theirs.write(b"answer")
        await theirs.finish()
        assert await whole(ours) == b"answer"
        with pytest.raises(ConnectionResetError):
            await ours.write(b"more")


async def test_much_goes_through_both_ways_at_once() -> None:
    content = bytes(range(256)) * 20_000
    async with sessions() as (client, server, _):
        ours, theirs = await opened(client, server)

        async def say(stream: Stream) -> None:
            await stream.write(content)
            await stream.finish()

        _, _, one, two = await asyncio.gather(say(ours), say(theirs), whole(ours), whole(theirs))
        assert one == two == content


async def test_a_reader_that_does_not_read_makes_the_writer_wait() -> None:
    async with sessions() as (client, server, pipe):
        ours, theirs = await opened(client, server)
        writing = asyncio.create_task(ours.write(bytes(8 << 20)))
        for _ in range(5000):
            await asyncio.sleep(0)
        assert theirs.inbox_bytes >= INBOX_BYTES
        assert not writing.done()
        assert theirs.inbox_bytes <= 2 * INBOX_BYTES
        assert pipe.written < 4 * INBOX_BYTES
        read = 0
        while read < 8 << 20:
            read += len(await theirs.read())
        await writing


async def test_what_is_ignored_holds_nobody_up() -> None:
    async with sessions() as (client, server, _):
        ours, theirs = await opened(client, server)
        theirs.ignore()
        await ours.write(bytes(4 << 20))
        other, their_other = await opened(client, server)
        await other.write(b"here")
        assert await their_other.read() == b"here"
        assert theirs.inbox_bytes == 0


async def test_a_reset_is_heard_by_reader_and_writer() -> None:
    async with sessions() as (client, server, _):
        ours, theirs = await opened(client, server)
        await ours.write(b"last")
        await ours.reset()
        assert await theirs.read() == b"last"
        with pytest.raises(ConnectionResetError):
            await theirs.read()
        with pytest.raises(ConnectionResetError):
            await theirs.write(b"x")


async def test_when_the_peer_goes_everything_ends() -> None:
    async with sessions() as (client, server, pipe):
        _, theirs = await opened(client, server)
        reading = asyncio.create_task(theirs.read())
        accepting = asyncio.create_task(server.accept())
        await asyncio.sleep(0)
        await pipe.close()
        with pytest.raises(ConnectionResetError):
            await reading
        assert await accepting is None and await server.accept() is None and server.is_over


async def test_a_writer_that_waits_for_room_hears_of_the_end() -> None:
    async with sessions() as (client, server, pipe):
        ours, theirs = await opened(client, server)
        await theirs.write(bytes(40_000))
        read = 0
        while read < 40_000:
            read += len(await ours.read())  # and tells that it has read: from now on it counts
        writing = asyncio.create_task(theirs.write(bytes(1 << 20)))
        for _ in range(100):
            await asyncio.sleep(0)
        await pipe.close()
        with pytest.raises(ConnectionError):
            await writing


async def test_streams_that_nobody_takes_are_bounded() -> None:
    async with sessions() as (client, server, _):

        async def flood() -> None:
            for _ in range(3 * MAX_STREAMS):
                stream = await client.open({})
                await stream.reset(Status.CANCEL)

        flooding = asyncio.create_task(flood())
        for _ in range(5000):
            await asyncio.sleep(0)
        assert server._opened.qsize() <= MAX_STREAMS
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)


async def test_a_peer_that_speaks_something_else_is_told_to_go() -> None:
    one, two = pipes()
    server = Session(two)
    running = asyncio.create_task(server.run())
    await one.write(b"\x80GET / HTTP/1.1\r\n")
    await running
    assert server.is_over
    client = Session(one, is_client=True)
    client.connection.receive(bytes(one.unread))  # GOAWAY, and no more
    with pytest.raises(ProtocolError):
        server.connection.receive(b"\x80\x02\x00\x00\x00\x00\x00\x00")


async def test_streams_that_are_over_are_forgotten() -> None:
    async with sessions() as (client, server, _):
        for _ in range(100):
            ours, theirs = await opened(client, server)
            await ours.finish()
            assert await whole(theirs) == b""
            await theirs.finish()
            assert await whole(ours) == b""
        assert len(server._streams) < 20 and len(client._streams) < 20
