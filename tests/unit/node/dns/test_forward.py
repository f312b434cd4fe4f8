"""Asking others: who, in which order, how often, and what is remembered."""

import asyncio
from collections.abc import Callable

from tests.unit.node.dns import wires
from wherry.kube.client.clock import FakeClock, settle
from wherry.node.dns.cache import FAILURE_SECONDS
from wherry.node.dns.exchange import NoAnswer, Server, question
from wherry.node.dns.forward import AVOIDED_SECONDS, MOST_AT_ONCE, Forwarder, Upstreams
from wherry.node.dns.message import Query, Reply, parse_query, parse_reply
from wherry.node.dns.names import name

ONE, TWO = Server("10.0.0.1"), Server("10.0.0.2")
WWW = parse_query(wires.query("www.example.org"))
Says = Callable[[Server, Query], Reply]


def good(server: Server, query: Query) -> Reply:
    return parse_reply(wires.reply(question(query, 1), [wires.address(1, 2, 3, int(server.address[-1]))]))


def failing(server: Server, query: Query) -> Reply:
    return parse_reply(wires.reply(question(query, 1), code=2))


def silent(server: Server, query: Query) -> Reply:
    raise NoAnswer(str(server))


class Case:
    """``says`` by server; what is not there is silent."""

    def __init__(self, **more: tuple[Server, ...]) -> None:
        self.clock = FakeClock()
        self.says: dict[Server, Says] = {ONE: good, TWO: good}
        self.asked: list[Server] = []
        self.hold: asyncio.Event | None = None
        self.forwarder = Forwarder(self.clock, self._ask)
        self.forwarder.upstreams = Upstreams(
            (ONE, TWO), {name(zone.replace("_", ".")): each for zone, each in more.items()}
        )

    async def _ask(self, server: Server, query: Query, seconds: float) -> Reply:
        self.asked.append(server)
        if self.hold is not None:
            await self.hold.wait()
        says = self.says[server]
        if says is silent:
            await self.clock.sleep(seconds)
        return says(server, query)

    async def ask(self, query: Query = WWW) -> str:
        """The last address of the answer, or its code; nothing: none."""
        asking = asyncio.ensure_future(self.forwarder.answer(query))
        while not asking.done():
            await self.clock.advance(0.5)
        kept = asking.result()
        if kept is None:
            return ""
        return str(kept.reply.answers[0].data[-1]) if kept.reply.answers else f"code {kept.reply.code}"


async def test_the_first_server_is_asked_and_its_answer_remembered() -> None:
    case = Case()
    assert [await case.ask(), await case.ask()] == ["1", "1"]
    assert case.asked == [ONE]
    assert case.forwarder.known(WWW) is not None
    await case.clock.advance(60)
    assert case.forwarder.known(WWW) is None


async def test_questions_are_different_by_name_type_and_wishes() -> None:
    case = Case()
    for query in (
        wires.query("WWW.example.org"), wires.query("www.example.org", 28),
        wires.query("www.example.org", edns=512, do=True), wires.query("www.example.org", flags=0x0110),
    ):  # fmt: skip
        await case.ask(parse_query(query))
    await case.ask()
    assert len(case.asked) == 4


async def test_who_is_silent_is_followed_by_the_next_and_avoided_for_a_while() -> None:
    case = Case()
    case.says[ONE] = silent
    assert await case.ask() == "2"
    assert await case.ask(parse_query(wires.query("b.example.org"))) == "2"
    assert case.asked == [ONE, TWO, TWO]
    case.says[ONE] = good
    await case.clock.advance(AVOIDED_SECONDS)
    assert await case.ask(parse_query(wires.query("c.example.org"))) == "1"


async def test_when_all_are_silent_nobody_answers_in_time() -> None:
    case = Case()
    case.says = {ONE: silent, TWO: silent}
    began = case.clock.monotonic()
    assert await case.ask() == ""
    assert case.clock.monotonic() - began <= 5.0
    assert len(case.asked) == 4, "each is asked twice"


async def test_what_one_refuses_another_may_know() -> None:
    case = Case()
    case.says[ONE] = failing
    assert await case.ask() == "2"
    case.says[TWO] = failing
    assert await case.ask(parse_query(wires.query("b.example.org"))) == "code 2"
    assert case.asked == [ONE, TWO, ONE, TWO]
    await case.ask(parse_query(wires.query("b.example.org")))
    assert len(case.asked) == 4, "a failure is remembered for a moment"
    await case.clock.advance(FAILURE_SECONDS)
    await case.ask(parse_query(wires.query("b.example.org")))
    assert len(case.asked) == 6


async def test_n07_the_same_question_is_asked_once_however_many_want_to_know() -> None:
    """So a question that comes back here by way of an upstream goes around once."""
    case = Case()
    case.hold = asyncio.Event()
    many = [asyncio.ensure_future(case.forwarder.answer(WWW)) for _ in range(100)]
    await settle()
    many[0].cancel()
    case.hold.set()
    await settle()
    assert case.asked == [ONE]
    assert all(task.result() is not None for task in many[1:])


async def test_no_more_than_so_many_are_asked_at_once() -> None:
    case = Case()
    case.hold = asyncio.Event()
    many = [
        asyncio.ensure_future(case.forwarder.answer(parse_query(wires.query(f"n{number}.example.org"))))
        for number in range(MOST_AT_ONCE + 5)
    ]
    await settle()
    assert sum(task.done() and task.result() is None for task in many) == 5
    await case.forwarder.close()
    await asyncio.wait(many)


async def test_stub_domains_have_servers_of_their_own_the_longest_first() -> None:
    case = Case(example_org=(TWO,), deep_example_org=(ONE,), empty_org=())
    assert await case.ask() == "2"
    assert await case.ask(parse_query(wires.query("a.deep.example.org"))) == "1"
    assert await case.ask(parse_query(wires.query("other.org"))) == "1"
    assert await case.ask(parse_query(wires.query("a.empty.org"))) == ""


async def test_other_servers_know_other_things() -> None:
    case = Case()
    await case.ask()
    same = case.forwarder.upstreams
    case.forwarder.upstreams = Upstreams((ONE, TWO), {})
    assert case.forwarder.known(WWW) is not None, "nothing has changed"
    assert case.forwarder.upstreams == same
    case.forwarder.upstreams = Upstreams((TWO,), {})
    assert case.forwarder.known(WWW) is None
    assert await case.ask() == "2"
    case.hold = asyncio.Event()
    late = asyncio.ensure_future(case.forwarder.answer(parse_query(wires.query("late.example.org"))))
    await settle()
    case.forwarder.upstreams = Upstreams((ONE,), {})
    case.hold.set()
    assert await late is not None
    assert case.forwarder.known(parse_query(wires.query("late.example.org"))) is None
