"""From a query to an answer: the cluster's names from what is known, all others by asking."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

from wherry.node.dns import records
from wherry.node.dns.cache import Kept
from wherry.node.dns.forward import Forwarder
from wherry.node.dns.message import (
    AVAILABLE,
    CHECKING_DISABLED,
    DESIRED,
    HEADER,
    MOST_MESSAGE_BYTES,
    OUR_BYTES,
    PLAIN_BYTES,
    Answer,
    Malformed,
    Query,
    encode,
    formerr,
    opt,
    parse_query,
    refusal,
)
from wherry.node.dns.names import Name, name, wire
from wherry.node.dns.records import INTERNET, Code, Record, Type
from wherry.node.dns.zone import Elsewhere, Zone

SYNC_SECONDS = 3.0
"""How long a question about the cluster waits for what is known of it, at a start."""
_MOST_ALIASES = 8
_KEPT_FLAGS = DESIRED | CHECKING_DISABLED
_LOCALHOST = name("localhost")
_LOOPBACK = {Type.A: "127.0.0.1", Type.AAAA: "::1"}
_UNSERVED = (Type.AXFR, Type.IXFR)


class Resolver:
    """``synced``: set when what is known of the cluster is all of it."""

    def __init__(self, zone: Zone, forwarder: Forwarder, synced: asyncio.Event) -> None:
        self._zone = zone
        self._forwarder = forwarder
        self._synced = synced

    def answer(self, data: bytes, *, is_stream: bool) -> bytes | Awaitable[bytes | None] | None:
        """At once where that is possible. None: nothing is said to that."""
        try:
            query = parse_query(data)
        except Malformed:
            return formerr(data)
        limit = MOST_MESSAGE_BYTES if is_stream else min(query.size, OUR_BYTES) if query.edns else PLAIN_BYTES
        refused = _refused(query)
        if refused is not None:
            return refusal(query, refused)
        if query.name == _LOCALHOST:
            return encode(query, _loopback(query), limit)
        if not self._synced.is_set():
            return self._later(query, limit)
        return self._now(query, limit)

    async def _later(self, query: Query, limit: int) -> bytes | None:
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await self._synced.wait()
        except TimeoutError:
            if self._zone.answer(query.name, query.type) is not None:
                return refusal(query, Code.SERVFAIL)
        found = self._now(query, limit)
        return found if isinstance(found, bytes) else await found

    def _now(self, query: Query, limit: int) -> bytes | Awaitable[bytes]:
        found = self._zone.answer(query.name, query.type)
        if isinstance(found, Answer):
            return encode(query, found, limit)
        if isinstance(found, Elsewhere):
            return self._follow(query, found, limit)
        kept = self._forwarder.known(query)
        return self._forward(query, limit) if kept is None else self._passed_on(query, kept, limit)

    async def _forward(self, query: Query, limit: int) -> bytes:
        kept = await self._forwarder.answer(query)
        return refusal(query, Code.SERVFAIL) if kept is None else self._passed_on(query, kept, limit)

    def _passed_on(self, query: Query, kept: Kept, limit: int) -> bytes:
        return passed_on(query, kept.message(self._forwarder.now()), kept.reply.code, limit)

    async def _follow(self, query: Query, found: Elsewhere, limit: int) -> bytes:
        """An alias and what stands behind it, which may be another one."""
        chain: list[Record] = []
        for _ in range(_MOST_ALIASES):
            chain.append(found.alias)
            behind = self._zone.answer(found.target, query.type)
            if isinstance(behind, Elsewhere):
                found = behind
                continue
            if behind is None:
                behind = await self._ask(query, found.target)
            if behind is None:
                return refusal(query, Code.SERVFAIL)
            return encode(query, replace(behind, answers=(*chain, *behind.answers), is_ours=True), limit)
        return refusal(query, Code.SERVFAIL)

    async def _ask(self, query: Query, target: Name) -> Answer | None:
        kept = await self._forwarder.answer(replace(query, name=target, asked=wire(target)))
        if kept is None or kept.reply.code not in (Code.NOERROR, Code.NXDOMAIN):
            return None
        return Answer(kept.reply.code, kept.reply.answers, kept.reply.authority)


def _refused(query: Query) -> int | None:
    if query.opcode:
        return Code.NOTIMP
    if query.version:
        return Code.BADVERS
    if query.klass != INTERNET or query.type in _UNSERVED:
        return Code.REFUSED
    return None


def _loopback(query: Query) -> Answer:
    """RFC 6761 §6.3."""
    address = _LOOPBACK.get(Type(query.type)) if query.type in _LOOPBACK else None
    return Answer(answers=[records.address(query.name, address, 5)] if address else ())


def passed_on(query: Query, message: bytes, code: int, limit: int) -> bytes:
    """Somebody's answer with this query's number, flags and way of writing the name."""
    _, flags, questions, answers, authority, more = HEADER.unpack_from(message)
    options = opt(code >> 4, query.wants_signatures) if query.edns else b""
    if len(message) + len(options) > limit:
        return encode(query, Answer(code, is_ours=False), limit=0)  # says that it is truncated
    flags = flags & ~_KEPT_FLAGS | query.flags & _KEPT_FLAGS | AVAILABLE
    head = HEADER.pack(query.id, flags, questions, answers, authority, more + bool(options))
    return head + query.question + message[HEADER.size + len(query.question) :] + options
