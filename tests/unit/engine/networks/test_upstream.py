"""Other name servers, asked."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest

from tests.unit.engine.networks.test_question import asked, read
from wherry.engine.networks import upstream

MESSAGE = asked("example.org")
Answers = Callable[[bytes], list[bytes]]


class Server(asyncio.DatagramProtocol):
    """Answers what ``answers`` says, over UDP and TCP at one port of 127.0.0.1."""

    def __init__(self) -> None:
        self.answers: Answers = lambda query: [query + b"answer"]
        self.queries: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.queries.append(data)
        for answer in self.answers(data):
            self._transport.sendto(answer, addr)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        for answer in self.answers(query):
            writer.write(len(answer).to_bytes(2) + answer)
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, int]]:
    found = Server()
    tcp = await asyncio.start_server(found.connected, "127.0.0.1", 0)
    port = tcp.sockets[0].getsockname()[1]
    udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: found, local_addr=("127.0.0.1", port))
    yield found, port
    udp.close()
    tcp.close()
    await tcp.wait_closed()


@pytest.fixture
def silent() -> int:
    """A port where nobody listens."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_the_answer_has_the_number_of_who_asked(server: tuple[Server, int]) -> None:
    found, port = server
    assert await upstream.ask(["127.0.0.1"], MESSAGE, read(MESSAGE), port) == MESSAGE + b"answer"
    assert found.queries[0][2:] == MESSAGE[2:]


async def test_each_question_has_a_number_of_its_own(server: tuple[Server, int]) -> None:
    found, port = server
    for _ in range(8):
        await upstream.ask(["127.0.0.1"], MESSAGE, read(MESSAGE), port)
    assert len({query[:2] for query in found.queries}) > 1


async def test_an_answer_to_something_else_is_not_believed(server: tuple[Server, int]) -> None:
    found, port = server
    other = asked("example.com")

    def lies_first(query: bytes) -> list[bytes]:
        return [bytes((query[0] ^ 1,)) + query[1:] + b"lie", query[:2] + other[2:] + b"lie", query + b"truth"]

    found.answers = lies_first
    assert await upstream.ask(["127.0.0.1"], MESSAGE, read(MESSAGE), port) == MESSAGE + b"truth"


async def test_who_does_not_answer_is_followed_by_the_next(server: tuple[Server, int]) -> None:
    _, port = server
    assert await upstream.ask(["127.0.0.2", "127.0.0.1"], MESSAGE, read(MESSAGE), port, 0.2) == MESSAGE + b"answer"


async def test_when_nobody_answers_there_is_none(server: tuple[Server, int], silent: int) -> None:
    found, port = server
    found.answers = lambda query: []
    assert await upstream.ask(["127.0.0.1"], MESSAGE, read(MESSAGE), port, 0.05) is None
    assert await upstream.ask(["127.0.0.1"], MESSAGE, read(MESSAGE), silent) is None
    assert await upstream.ask([], MESSAGE, read(MESSAGE)) is None


async def test_over_a_stream(server: tuple[Server, int], silent: int) -> None:
    found, port = server
    assert await upstream.ask_by_stream(["127.0.0.1"], MESSAGE, port) == MESSAGE + b"answer"
    found.answers = lambda query: []
    assert await upstream.ask_by_stream(["127.0.0.1"], MESSAGE, port) is None
    assert await upstream.ask_by_stream(["127.0.0.1"], MESSAGE, silent) is None
