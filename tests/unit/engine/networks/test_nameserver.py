"""A container's questions for names, answered."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Address

import pytest

from tests.descriptors import open_descriptors
from tests.unit.engine.networks import test_upstream
from tests.unit.engine.networks.test_question import asked, read
from wherry.engine.networks.apply import NameSockets
from wherry.engine.networks.fake import FakePlumbing
from wherry.engine.networks.nameserver import Names, NameServer
from wherry.engine.networks.question import AAAA, PTR, A

server = test_upstream.server
KNOWN = {"db": [IPv4Address("10.9.0.5"), IPv4Address("10.9.0.6")], "web": [IPv4Address("10.9.0.7")]}
TEXT = 16


def names(servers: Sequence[str] = ("127.0.0.1",)) -> Names:
    return Names(KNOWN.get, lambda address: "web.front" if address in KNOWN["web"] else None, servers)


class Client:
    """Asks the server at a port."""

    def __init__(self, sockets: NameSockets) -> None:
        self._udp, self._tcp = (each.getsockname() for each in (sockets.udp, sockets.tcp))

    async def ask(self, message: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, self._udp)
            await loop.sock_sendall(sock, message)
            async with asyncio.timeout(60):
                return await loop.sock_recv(sock, 4096)

    async def ask_by_stream(self, *messages: bytes) -> list[bytes]:
        reader, writer = await asyncio.open_connection(*self._tcp)
        for message in messages:
            writer.write(len(message).to_bytes(2) + message)
        found = []
        async with asyncio.timeout(60):
            for _ in messages:
                found.append(await reader.readexactly(int.from_bytes(await reader.readexactly(2))))
        writer.close()
        await writer.wait_closed()
        return found


@pytest.fixture
async def client(server: tuple[test_upstream.Server, int]) -> AsyncIterator[Client]:
    sockets = FakePlumbing().listen(-1)
    answering = NameServer(names(), server[1])
    client = Client(sockets)
    await answering.start(sockets)
    yield client
    answering.close()


async def test_a_neighbour_has_all_its_addresses(client: Client) -> None:
    answer = await client.ask(asked("DB"))
    assert answer[6:8] == b"\0\x02"
    assert all(address.packed in answer for address in KNOWN["db"])


async def test_which_comes_first_is_chance(client: Client) -> None:
    answers = {(await client.ask(asked("db")))[-4:] for _ in range(40)}
    assert answers == {address.packed for address in KNOWN["db"]}


async def test_a_neighbour_has_no_address_of_the_other_family_and_nobody_else_is_asked(
    client: Client, server: tuple[test_upstream.Server, int]
) -> None:
    assert (await client.ask(asked("web", AAAA)))[3:8] == b"\x80\0\x01\0\0"
    assert server[0].queries == []


async def test_a_neighbour_s_address_has_a_name(client: Client) -> None:
    assert (await client.ask(asked("7.0.9.10.in-addr.arpa", PTR))).endswith(b"\x03web\x05front\0")


@pytest.mark.parametrize(("name", "kind"), [("example.org", A), ("9.9.9.9.in-addr.arpa", PTR), ("web", TEXT)])
async def test_everything_else_is_asked_of_others(client: Client, name: str, kind: int) -> None:
    message = asked(name, kind)
    assert await client.ask(message) == message + b"answer"


async def test_what_is_no_question_has_no_answer(client: Client) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.ask(b"rubbish")
    assert await client.ask(asked("web"))


async def test_over_a_stream_any_number_is_answered(client: Client) -> None:
    known, unknown = asked("web"), asked("example.org")
    first, second = await client.ask_by_stream(known, unknown)
    assert first.endswith(KNOWN["web"][0].packed)
    assert second == unknown + b"answer"


async def test_who_may_ask_nobody_is_told_that_nobody_knows() -> None:
    sockets = FakePlumbing().listen(-1)
    answering = NameServer(names(()))
    client = Client(sockets)
    await answering.start(sockets)
    assert (await client.ask(asked("example.org")))[3] & 0xF == 2
    assert (await client.ask_by_stream(asked("example.org")))[0][3] & 0xF == 2
    answering.close()
    answering.close()


async def test_nothing_stays_open() -> None:
    before = open_descriptors()
    sockets = FakePlumbing().listen(-1)
    answering = NameServer(names(()))
    await answering.start(sockets)
    answering.close()
    for _ in range(3):
        await asyncio.sleep(0)
    assert open_descriptors() == before
    assert read(asked("x")).name == "x"
