"""An agent's socket, lent."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.unit.engine.build.workshop import until
from wherry.engine.build.relay import relayed


@asynccontextmanager
async def agent(path: Path) -> AsyncIterator[list[bytes]]:
    """Answers what it is told, in capitals, until the other end has nothing more to say."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            heard.append(data)
            writer.write(data.upper())
        writer.write(b"bye")
        writer.close()

    server = await asyncio.start_unix_server(answer, str(path))
    async with server:
        yield heard


async def test_both_directions_and_the_end_of_each(tmp_path: Path) -> None:
    async with agent(tmp_path / "agent") as heard, relayed(tmp_path / "lent", str(tmp_path / "agent")) as path:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"HELLO"
        writer.write_eof()
        assert await reader.read() == b"bye"
        writer.close()
        assert heard == [b"hello"]


async def test_several_at_once(tmp_path: Path) -> None:
    async with agent(tmp_path / "agent"), relayed(tmp_path / "lent", str(tmp_path / "agent")) as path:
        ends = [await asyncio.open_unix_connection(str(path)) for _ in range(3)]
        for number, (_, writer) in enumerate(ends):
            writer.write(f"a{number}".encode())
        assert [await reader.readexactly(2) for reader, _ in ends] == [b"A0", b"A1", b"A2"]
        for _, writer in ends:
            writer.close()


async def test_an_agent_that_is_gone(tmp_path: Path) -> None:
    async with relayed(tmp_path / "lent", str(tmp_path / "gone")) as path:
        reader, writer = await asyncio.open_unix_connection(str(path))
        assert await reader.read() == b""
        writer.close()


async def test_what_is_under_way_ends_with_the_loan(tmp_path: Path) -> None:
    async with agent(tmp_path / "agent") as heard:
        async with relayed(tmp_path / "lent", str(tmp_path / "agent")) as path:
            reader, writer = await asyncio.open_unix_connection(str(path))
            writer.write(b"x")
            await until(lambda: heard)
        assert await reader.read() in (b"X", b"")
        writer.close()
        with socket.socket(socket.AF_UNIX) as late:
            assert late.connect_ex(str(path)) != 0


async def test_a_path_that_is_too_long_for_a_name(tmp_path: Path) -> None:
    place = tmp_path / ("x" * 120)
    place.mkdir()
    async with relayed(place / "lent", str(tmp_path / "agent")) as path:
        assert path.is_socket()
