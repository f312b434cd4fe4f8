"""Answers a container's questions for names: those of its neighbours itself, every other by asking (``upstream``).

Its sockets are in the container's network namespace, so who asks needs no telling. They end with the node: while none
runs, nobody answers, as with Docker.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence

import msgspec

from wherry.engine.networks import question, upstream
from wherry.engine.networks.apply import NameSockets
from wherry.engine.networks.question import AAAA, PTR, A, Address, Question

_MOST_QUESTIONS = 1024  # under way for one container (libnetwork, resolver.go: maxConcurrent)
_IDLE_SECONDS = 10.0


class Names(msgspec.Struct, frozen=True):
    """What a container may know: ``addresses`` of a name (None: it is nobody's), the name of an address; ``servers``
    are who is asked for everything else."""

    addresses: Callable[[str], Sequence[Address] | None]
    name: Callable[[Address], str | None]
    servers: Sequence[str]


class NameServer(asyncio.DatagramProtocol):
    """One container's. Begin with :meth:`start`; :meth:`close` closes the sockets."""

    def __init__(self, names: Names, port: int = 53) -> None:
        """``port`` is that of the servers which are asked."""
        self._names = names
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    async def start(self, sockets: NameSockets) -> None:
        """Takes the sockets over in any case."""
        loop = asyncio.get_running_loop()
        try:
            self._udp, _ = await loop.create_datagram_endpoint(lambda: self, sock=sockets.udp)
            self._tcp = await asyncio.start_server(self._connected, sock=sockets.tcp)
        except BaseException:
            sockets.udp.close()
            sockets.tcp.close()
            raise

    def close(self) -> None:
        """Idempotent."""
        for task in self._tasks:
            task.cancel()
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()

    def own_answer(self, message: bytes, asked: Question) -> bytes | None:
        """None: it is not about a neighbour."""
        if asked.kind == PTR:
            address = asked.address
            found = self._names.name(address) if address is not None else None
            return None if found is None else question.name(message, asked, found)
        if asked.kind not in (A, AAAA):
            return None
        addresses = self._names.addresses(asked.name)
        if addresses is None:
            return None
        return question.addresses(message, asked, random.sample(addresses, len(addresses)))  # each gets its share

    # Datagrams

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = question.read(data)
        if asked is None:
            return
        answer = self.own_answer(data, asked)
        if answer is not None:
            self._send(answer, addr)
        elif len(self._tasks) < _MOST_QUESTIONS:
            self._begin(self._forward(data, asked, addr))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(self, data: bytes, asked: Question, addr: tuple[str, int]) -> None:
        answer = await upstream.ask(self._names.servers, data, asked, self._port)
        self._send(answer or question.failure(data, asked), addr)

    def _send(self, answer: bytes, addr: tuple[str, int]) -> None:
        if self._udp is not None and not self._udp.is_closing():
            self._udp.sendto(answer, addr)

    # Connections

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                await self._converse(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            data = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            asked = question.read(data)
            if asked is None:
                return
            answer = self.own_answer(data, asked) or await upstream.ask_by_stream(self._names.servers, data, self._port)
            answer = answer or question.failure(data, asked)
            writer.write(len(answer).to_bytes(2) + answer)
            await writer.drain()
