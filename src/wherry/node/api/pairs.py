"""Streams of SPDY that find each other by ``requestid``: each pair is a connection to a port."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from wherry.http.spdy.session import Session, Stream
from wherry.kit.errors import WherryError
from wherry.node.api.caller import STREAM_SECONDS
from wherry.node.api.joining import Client, Ports, joined

_Work = Coroutine[Any, Any, None]


async def serve(session: Session, ports: Ports) -> None:
    """Take the streams of a session that somebody runs, until it is over; what was connected then ends."""
    pairs = Pairs(ports)
    try:
        while (stream := await session.accept()) is not None:
            if is_good(stream.headers):
                await stream.reply()
                pairs.add(stream)
            else:
                await stream.reset()
    except ConnectionError:
        pass
    finally:
        await pairs.close()


def is_good(headers: Mapping[str, str]) -> bool:
    """Whether they say what the stream is for."""
    port = headers.get("port", "")
    is_port = port.isascii() and port.isdigit() and 0 < int(port[:9]) < 65536
    return is_port and headers.get("streamtype") in ("error", "data")


def request_id(stream: Stream) -> str:
    """Clients of long ago give none: their error stream comes first, and the data stream has the next number."""
    given = stream.headers.get("requestid", "")
    if given:
        return given
    return str(stream.id if stream.headers["streamtype"] == "error" else stream.id - 2)


class Pairs:
    """See the module."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._waiting: dict[str, tuple[Stream, asyncio.TimerHandle]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, stream: Stream) -> None:
        """A stream that has been replied to."""
        name, kind = request_id(stream), stream.headers["streamtype"]
        waiting = self._waiting.get(name)
        if waiting is None:
            timer = asyncio.get_running_loop().call_later(STREAM_SECONDS, self._give_up, name)
            self._waiting[name] = stream, timer
            return
        first, timer = waiting
        if first.headers["streamtype"] == kind:
            self._run(_refuse(stream, f"error processing stream for request {name}: {kind} stream already assigned"))
            return
        timer.cancel()
        del self._waiting[name]
        data, error = (stream, first) if kind == "data" else (first, stream)
        self._run(self._forward(data, error))

    def _give_up(self, name: str) -> None:
        stream, _ = self._waiting.pop(name)
        self._run(_refuse(stream, f"request {name}: timed out waiting for streams"))

    def _run(self, work: _Work) -> None:
        task = asyncio.create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """The client has gone."""
        for _, timer in self._waiting.values():
            timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _forward(self, data: Stream, error: Stream) -> None:
        port = int(data.headers["port"])
        error.ignore()
        try:
            wire = await self._ports.open(port)
        except (WherryError, OSError) as failure:
            await error.write(self._ports.failure(port, failure))
        else:
            try:
                await joined(Client(data.read, data.write, data.finish), wire)
            finally:
                wire.leave()
        data.ignore()
        await data.finish()
        await error.finish()


async def _quietly(work: _Work) -> None:
    """One connection that breaks is no trouble of the others."""
    try:
        await work
    except OSError:  # ConnectionError among them
        pass


async def _refuse(stream: Stream, why: str) -> None:
    stream.ignore()
    if stream.headers["streamtype"] == "error":
        await stream.write(why.encode())
    await stream.finish()
