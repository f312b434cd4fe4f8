"""An agent's socket, lent to a step: what connects to ours is connected to the agent's, in both directions."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_CHUNK_BYTES = 1 << 16
Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def relayed(path: Path, agent: str) -> AsyncIterator[Path]:
    """Listen at ``path`` until the block ends; connections to an agent that is gone are closed at once."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        try:
            await _relay(reader, writer, agent)
        except (OSError, asyncio.CancelledError):
            pass  # an end is gone, or the loan ends: asyncio would report a cancelled connection as an accident
        finally:
            writer.close()

    server = await _listening(connected, path)
    try:
        yield path
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _listening(connected: Connected, path: Path) -> asyncio.Server:
    """By way of a descriptor: a socket's name has at most 107 bytes (unix(7)), the path of the root may have more."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return await asyncio.start_unix_server(connected, f"/proc/self/fd/{directory}/{path.name}")
    finally:
        os.close(directory)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, agent: str) -> None:
    far_reader, far_writer = await asyncio.open_unix_connection(agent)
    try:
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
    finally:
        far_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
