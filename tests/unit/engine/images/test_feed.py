"""From chunks to a file that a thread reads."""

import asyncio
from collections.abc import AsyncIterator
from typing import BinaryIO

import pytest

from tests.unit.engine.images.archives import chunks
from wherry.engine.images.feed import Interrupted, drained, through
from wherry.engine.snapshots.model import Sink


async def test_everything_arrives_in_order() -> None:
    data = bytes(range(256)) * 20_000  # more than a pipe holds
    assert await through(chunks(data, 70_001), lambda stream: b"".join(iter(lambda: stream.read(1 << 16), b""))) == data


async def test_nothing_is_nothing() -> None:
    assert await through(chunks(b""), lambda stream: stream.read(10)) == b""


async def test_a_consumer_may_stop_early() -> None:
    assert await through(chunks(b"x" * 10_000_000), lambda stream: stream.read(3)) == b"xxx"


async def test_the_consumers_error_comes_out() -> None:
    def consume(stream: BinaryIO) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await through(chunks(b"x" * 10_000_000), consume)


async def test_the_feeders_error_comes_out_and_the_consumer_sees_no_end() -> None:
    seen: list[BaseException] = []

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError("gone")

    def consume(stream: BinaryIO) -> bytes:
        try:
            while stream.read(100):
                pass
        except Interrupted as error:
            seen.append(error)
            raise
        return b"whole"

    with pytest.raises(ConnectionResetError, match="gone"):
        await through(broken(), consume)
    assert len(seen) == 1


async def test_cancelling_ends_the_consumer() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        begun.set()
        await asyncio.sleep(3600)
        yield b""

    def consume(stream: BinaryIO) -> None:
        try:
            stream.read(1)
        finally:
            loop.call_soon_threadsafe(ended.set)

    task = asyncio.ensure_future(through(endless(), consume))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ended.wait()


# From a thread to the loop


async def test_everything_that_is_written_comes_out_in_order() -> None:
    data = bytes(range(256)) * 20_000
    pieces = [piece async for piece in drained(lambda sink: sink.write(data))]
    assert b"".join(pieces) == data


async def test_nothing_written_is_nothing() -> None:
    assert [piece async for piece in drained(lambda sink: None)] == []


async def test_the_producers_error_comes_out_behind_what_it_wrote() -> None:
    def produce(sink: Sink) -> None:
        sink.write(b"half")
        raise ValueError("no")

    pieces = []
    with pytest.raises(ValueError, match="no"):
        async for piece in drained(produce):
            pieces.append(piece)
    assert pieces == [b"half"]


async def test_a_producer_that_nobody_listens_to_any_more_is_told_and_waited_for() -> None:
    ended: list[str] = []

    def produce(sink: Sink) -> None:
        try:
            while True:
                sink.write(bytes(1 << 20))
        except BrokenPipeError:
            ended.append("told")

    pieces = drained(produce)
    await anext(pieces)
    await pieces.aclose()
    assert ended == ["told"]
