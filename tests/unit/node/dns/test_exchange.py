"""One question and its answer, against a server of the test's own."""

import asyncio
import socket

import pytest

from tests.unit.node.dns import wires
from tests.unit.node.dns.upstream import upstream
from wherry.node.dns.exchange import GUESSES, NoAnswer, Server, answered, ask, question
from wherry.node.dns.message import Query, parse_query

ASKED: Query = parse_query(wires.query("www.Example.org", id_=1, edns=4096, do=True))
SECONDS = 5.0


def good(data: bytes) -> list[bytes]:
    return [wires.reply(data, [wires.address(1, 2, 3, 4)])]


def test_a_question_is_ours_with_the_askers_wishes() -> None:
    sent = parse_query(question(ASKED, 99))
    assert (sent.id, sent.flags, sent.name, sent.size, sent.wants_signatures) == (99, 0x0100, ASKED.name, 1232, True)
    assert sent.asked == ASKED.asked
    assert not parse_query(question(ASKED, 99, extensions=False)).edns


def test_only_an_answer_to_the_question_counts() -> None:
    data = question(ASKED, 99)
    assert answered(ASKED, 99, wires.reply(data)) is not None
    assert answered(ASKED, 98, wires.reply(data)) is None
    assert answered(ASKED, 99, wires.reply(wires.query("www.example.com", id_=99))) is None
    assert answered(ASKED, 99, wires.reply(wires.query("www.example.org", 28, id_=99))) is None
    assert answered(ASKED, 99, data) is None
    assert answered(ASKED, 99, wires.reply(data)[:-1]) is None
    assert answered(ASKED, 99, b"") is None


async def test_an_answer_comes_by_datagram() -> None:
    async with upstream(good) as server:
        reply = await ask(server.server, ASKED, SECONDS)
    assert reply.answers[0].data == b"\1\2\3\4"
    assert [by for _, _, by in server.asked] == ["udp"]


async def test_n07_numbers_and_ports_are_different_each_time() -> None:
    async with upstream(good) as server:
        for _ in range(64):
            await ask(server.server, ASKED, SECONDS)
    numbers = {data[:2] for data, _, _ in server.asked}
    ports = {address[1] for _, address, _ in server.asked}
    assert len(numbers) > 56
    assert len(ports) > 56
    steps = sorted(abs(one[1][1] - two[1][1]) for one, two in zip(server.asked, server.asked[1:], strict=False))
    assert steps[len(steps) // 2] > 50, "nor do ports go up one by one"


async def test_n07_answers_with_a_wrong_number_or_question_are_passed_over() -> None:
    def says(data: bytes) -> list[bytes]:
        wrong_number = wires.reply(data, [wires.address(6, 6, 6, 6)], id_=int.from_bytes(data[:2], "big") ^ 1)
        other = wires.query("www.example.com", id_=int.from_bytes(data[:2], "big"))
        return [wrong_number, wires.reply(other, [wires.address(6, 6, 6, 6)]), b"", data, *good(data)]

    async with upstream(says) as server:
        reply = await ask(server.server, ASKED, SECONDS)
    assert [record.data for record in reply.answers] == [b"\1\2\3\4"]


async def test_n07_who_guesses_is_not_listened_to_any_longer() -> None:
    def says(data: bytes) -> list[bytes]:
        number = int.from_bytes(data[:2], "big")
        guesses = [wires.reply(data, [wires.address(6, 6, 6, 6)], id_=number ^ n) for n in range(1, GUESSES + 1)]
        return good(data) if server.asked[-1][2] == "tcp" else [*guesses, *good(data)]

    async with upstream(says) as server:
        reply = await ask(server.server, ASKED, SECONDS)
    assert [record.data for record in reply.answers] == [b"\1\2\3\4"]
    assert [by for _, _, by in server.asked] == ["udp", "tcp"]


async def test_n07_nobody_else_can_answer() -> None:
    """The socket is connected: datagrams from elsewhere do not reach it."""
    elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    elsewhere.bind(("127.0.0.1", 0))

    def says(data: bytes) -> list[bytes]:
        elsewhere.sendto(wires.reply(data, [wires.address(6, 6, 6, 6)]), server.asked[-1][1])
        return good(data)

    async with upstream(says) as server:
        reply = await ask(server.server, ASKED, SECONDS)
    elsewhere.close()
    assert [record.data for record in reply.answers] == [b"\1\2\3\4"]


async def test_what_is_truncated_is_asked_for_by_stream() -> None:
    def says(data: bytes) -> list[bytes]:
        return [wires.reply(data, flags=0x8380)] if server.asked[-1][2] == "udp" else good(data)

    async with upstream(says) as server:
        assert (await ask(server.server, ASKED, SECONDS)).answers
    assert [by for _, _, by in server.asked] == ["udp", "tcp"]


async def test_a_server_without_extensions_is_asked_without() -> None:
    def says(data: bytes) -> list[bytes]:
        return [wires.reply(data, code=1)] if parse_query(data).edns else good(data)

    async with upstream(says) as server:
        assert (await ask(server.server, ASKED, SECONDS)).answers
    assert [parse_query(data).edns for data, _, _ in server.asked] == [True, False]


async def test_silence_refusal_and_nonsense_are_no_answers() -> None:
    async with upstream(lambda data: []) as server:
        with pytest.raises(NoAnswer, match="does not answer"):
            await ask(server.server, ASKED, 0.05)
    with pytest.raises(NoAnswer):  # nobody listens there any more
        await ask(server.server, ASKED, SECONDS)
    with pytest.raises(NoAnswer):
        await ask(Server("fe80::1%nowhere"), ASKED, SECONDS)
    with pytest.raises(NoAnswer):
        await ask(Server("255.255.255.255"), ASKED, SECONDS)

    def says(data: bytes) -> list[bytes]:
        return [wires.reply(data, flags=0x8380)] if server.asked[-1][2] == "udp" else [b"nonsense"]

    async with upstream(says) as server:
        with pytest.raises(NoAnswer, match="something else"):
            await ask(server.server, ASKED, SECONDS)


async def test_who_is_cancelled_leaves_no_socket() -> None:
    async with upstream(lambda data: []) as server:
        task = asyncio.ensure_future(ask(server.server, ASKED, SECONDS))
        while not server.asked:
            await asyncio.wait({task}, timeout=0.01)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()


def test_servers_have_a_text() -> None:
    assert (str(Server("10.0.0.1")), str(Server("fd00::1", 5353))) == ("10.0.0.1:53", "[fd00::1]:5353")
