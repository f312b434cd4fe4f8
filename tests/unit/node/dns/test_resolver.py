"""From bytes to bytes."""

import asyncio
import struct
from collections.abc import Awaitable

from tests.unit.node.dns import wires
from tests.unit.node.dns.cluster import facts
from wherry.kube.client.clock import FakeClock
from wherry.node.dns.exchange import NoAnswer, Server, question
from wherry.node.dns.forward import Forwarder, Upstreams
from wherry.node.dns.message import Query, Reply, parse_reply
from wherry.node.dns.resolver import Resolver
from wherry.node.dns.zone import Zone

WEB = "web.default.svc.cluster.local"


class Case:
    """Others answer ``many`` addresses for every name but those that begin with ``no``."""

    def __init__(self, *, synced: bool = True) -> None:
        self.asked: list[Query] = []
        self.many = 1
        self.clock = FakeClock()
        self.synced = asyncio.Event()
        if synced:
            self.synced.set()
        forwarder = Forwarder(self.clock, self._ask)
        forwarder.upstreams = Upstreams((Server("10.0.0.1"),))
        self.resolver = Resolver(Zone(facts()), forwarder, self.synced)

    async def _ask(self, server: Server, query: Query, seconds: float) -> Reply:
        self.asked.append(query)
        if query.name[0] == b"silent":
            raise NoAnswer("no")
        asked = question(query, 1)
        if query.name[0].startswith(b"no"):
            return parse_reply(wires.reply(asked, (), [wires.soa()], [wires.OPT], code=3))
        answers = [wires.address(1, 2, 3, number % 256) for number in range(self.many)]
        return parse_reply(wires.reply(asked, answers, (), [wires.OPT]))

    def answer(self, data: bytes, *, is_stream: bool = False) -> bytes | Awaitable[bytes | None] | None:
        return self.resolver.answer(data, is_stream=is_stream)

    async def reply(self, data: bytes, *, is_stream: bool = False) -> Reply:
        found = self.answer(data, is_stream=is_stream)
        message = found if isinstance(found, bytes) or found is None else await found
        assert message is not None
        assert message[:2] == data[:2]
        return parse_reply(message)


def addresses(reply: Reply) -> list[int]:
    return [record.data[-1] for record in reply.answers if record.type == 1]


async def test_names_of_the_cluster_are_answered_at_once_and_asked_of_nobody() -> None:
    case = Case()
    for asked in (WEB, "no.such.svc.cluster.local", "cluster.local", "x.cluster.local", "1.0.96.10.in-addr.arpa"):
        for type_ in (1, 28, 12, 33, 255):
            assert isinstance(case.answer(wires.query(asked, type_)), bytes)
    assert case.asked == []
    assert addresses(await case.reply(wires.query(WEB))) == [1]


async def test_other_names_are_asked_for_once_and_then_known() -> None:
    case = Case()
    first = await case.reply(wires.query("www.example.org", id_=1))
    assert addresses(first) == [0]
    await case.clock.advance(10)
    again = case.answer(wires.query("WWW.example.ORG", id_=2))
    assert isinstance(again, bytes)
    assert wires.label_wire("WWW.example.ORG") in again
    assert parse_reply(again).answers[0].ttl == 50
    assert len(case.asked) == 1


async def test_an_answer_of_others_is_not_said_to_be_ours_and_has_the_askers_flags() -> None:
    case = Case()
    for data in (wires.query("www.example.org"), wires.query(WEB)):
        found = case.answer(data)
        message = found if isinstance(found, bytes) else await found  # type: ignore[misc]
        assert isinstance(message, bytes)
        flags = int.from_bytes(message[2:4], "big")
        assert flags & 0x0180 == 0x0180
        assert bool(flags & 0x0400) == (data == wires.query(WEB))
        assert message[10:12] == b"\0\0", "who knows no extensions gets none"


async def test_extensions_are_for_who_has_them() -> None:
    case = Case()
    for asked in (WEB, "www.example.org"):
        found = case.answer(wires.query(asked, edns=4096, do=True))
        message = found if isinstance(found, bytes) else await found  # type: ignore[misc]
        assert isinstance(message, bytes)
        assert message[10:12] == b"\0\1"
        assert struct.unpack("!HH", message[-10:-6]) == (41, 1232)


async def test_an_alias_is_followed_inside_and_outside() -> None:
    case = Case()
    out = await case.reply(wires.query("out.default.svc.cluster.local"))
    assert [record.type for record in out.answers] == [5, 1]
    near = await case.reply(wires.query("near.default.svc.cluster.local"))
    assert [record.type for record in near.answers] == [5, 1]
    assert [query.asked for query in case.asked] == [wires.label_wire("www.example.org")]


async def test_an_alias_of_what_is_not_there_says_so() -> None:
    case = Case()
    objects = facts()
    out = objects.service("default", "out")
    assert out is not None
    for target, code, records in (
        ("nobody.example.org", 3, [5]),
        ("silent.example.org", 2, []),
        ("gone.x.svc.cluster.local", 3, [5]),
    ):
        out["spec"]["externalName"] = target
        case.resolver = Resolver(Zone(objects), case.resolver._forwarder, case.synced)
        found = await case.reply(wires.query("out.default.svc.cluster.local"))
        assert (found.code, [record.type for record in found.answers]) == (code, records), target


async def test_n07_aliases_that_go_in_circles_come_to_an_end() -> None:
    case = Case()
    objects = facts()
    near = objects.service("default", "near")
    assert near is not None
    near["spec"]["externalName"] = "near.default.svc.cluster.local"
    case.resolver = Resolver(Zone(objects), case.resolver._forwarder, case.synced)
    assert (await case.reply(wires.query("near.default.svc.cluster.local"))).code == 2


async def test_silence_of_others_is_a_failure() -> None:
    case = Case()
    assert (await case.reply(wires.query("silent.example.org"))).code == 2


async def test_what_does_not_fit_is_truncated_for_datagrams_only() -> None:
    case = Case()
    case.many = 60
    cut = await case.reply(wires.query("www.example.org"))
    assert (cut.truncated, cut.answers) == (True, ())
    assert len(addresses(await case.reply(wires.query("www.example.org", edns=1232)))) == 60
    assert len(addresses(await case.reply(wires.query("www.example.org"), is_stream=True))) == 60
    case.many = 100
    assert (await case.reply(wires.query("b.example.org", edns=65535))).truncated, "whatever size the asker names"


async def test_what_is_not_served_is_refused() -> None:
    case = Case()
    for data, code in (
        (wires.query(WEB, flags=0x1000), 4),
        (wires.query("version.bind", 16, klass=3), 5),
        (wires.query("cluster.local", 252), 5),
        (wires.query("cluster.local", 251), 5),
    ):
        assert (await case.reply(data)).code == code
    version = wires.query(WEB, edns=512)[:-6] + struct.pack("!IH", 1 << 16, 0)
    assert (await case.reply(version)).code == 16


async def test_what_is_no_query_gets_an_error_or_nothing() -> None:
    case = Case()
    broken = case.answer(wires.query(WEB)[:-1])
    assert isinstance(broken, bytes)
    assert broken[3] & 15 == 1
    assert case.answer(wires.query(WEB, flags=0x8000)) is None
    assert case.answer(b"") is None


async def test_localhost_is_here() -> None:
    case = Case()
    assert addresses(await case.reply(wires.query("LocalHost"))) == [1]
    assert (await case.reply(wires.query("localhost", 28))).answers[0].data == bytes(15) + b"\1"
    assert (await case.reply(wires.query("localhost", 15))).answers == ()
    assert case.asked == []


async def test_at_a_start_questions_wait_until_the_cluster_is_known() -> None:
    case = Case(synced=False)
    waiting = asyncio.ensure_future(case.reply(wires.query(WEB)))
    await asyncio.sleep(0)
    assert not waiting.done()
    case.synced.set()
    assert addresses(await waiting) == [1]


async def test_but_not_for_ever() -> None:
    import wherry.node.dns.resolver as module

    case, patience = Case(synced=False), module.SYNC_SECONDS
    module.SYNC_SECONDS = 0.01
    try:
        assert (await case.reply(wires.query(WEB))).code == 2
        assert addresses(await case.reply(wires.query("www.example.org"))) == [0]
    finally:
        module.SYNC_SECONDS = patience
