"""Asks other servers, and remembers what they say."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from wherry.kube.client.clock import Clock
from wherry.node.dns.cache import Cache, Kept
from wherry.node.dns.exchange import NoAnswer, Server, ask
from wherry.node.dns.message import Query, Reply
from wherry.node.dns.names import Name, below, text
from wherry.node.dns.records import Code

_log = logging.getLogger(__name__)
FIRST_TRY_SECONDS, TRY_SECONDS, LONGEST_SECONDS = 1.0, 2.0, 4.5
"""Together less than what resolvers wait (resolv.conf(5), timeout: 5)."""
MOST_AT_ONCE = 512
AVOIDED_SECONDS = 10.0
"""A server that did not answer is asked last for so long."""
_NEXT = (Code.SERVFAIL, Code.REFUSED, Code.NOTIMP)

Ask = Callable[[Server, Query, float], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Who is asked: ``stubs`` for names below theirs (the longest that fits), ``servers`` for the rest."""

    servers: tuple[Server, ...] = ()
    stubs: dict[Name, tuple[Server, ...]] = field(default_factory=dict)

    def of(self, name: Name) -> tuple[Server, ...]:
        fitting = [zone for zone in self.stubs if below(name, zone) is not None]
        return self.stubs[max(fitting, key=len)] if fitting else self.servers


class Forwarder:
    """``upstreams`` may be set at any time; answers of before are then forgotten."""

    def __init__(self, clock: Clock, ask_one: Ask = ask) -> None:
        self._clock = clock
        self._ask = ask_one
        self._upstreams = Upstreams()
        self._cache = Cache()
        self._flying: dict[tuple[object, ...], asyncio.Task[Kept | None]] = {}
        self._avoided: dict[Server, float] = {}

    @property
    def upstreams(self) -> Upstreams:
        return self._upstreams

    @upstreams.setter
    def upstreams(self, upstreams: Upstreams) -> None:
        if upstreams != self._upstreams:
            self._upstreams = upstreams
            self._cache.clear()
            self._avoided.clear()

    def now(self) -> float:
        """The time by which :meth:`.cache.Kept.message` counts."""
        return self._clock.monotonic()

    def known(self, query: Query) -> Kept | None:
        """What is remembered."""
        return self._cache.get(_key(query), self._clock.monotonic())

    async def answer(self, query: Query) -> Kept | None:
        """None: nobody answers, or too much is asked at once. The same question is asked once at a time."""
        kept = self.known(query)
        if kept is not None:
            return kept
        key = _key(query)
        flying = self._flying.get(key)
        if flying is None:
            if len(self._flying) >= MOST_AT_ONCE:
                return None
            flying = asyncio.get_running_loop().create_task(self._fetch(key, query))
            self._flying[key] = flying
            flying.add_done_callback(lambda _: self._flying.pop(key, None))
        return await asyncio.shield(flying)

    async def close(self) -> None:
        for task in list(self._flying.values()):
            task.cancel()

    async def _fetch(self, key: tuple[object, ...], query: Query) -> Kept | None:
        upstreams = self._upstreams
        reply = await self._first_answer(upstreams.of(query.name), query)
        if reply is None:
            return None
        if upstreams is not self._upstreams:  # of others than are asked now: for who asked them, and nobody else
            return Cache().put(key, reply, self._clock.monotonic())
        return self._cache.put(key, reply, self._clock.monotonic())

    async def _first_answer(self, servers: Sequence[Server], query: Query) -> Reply | None:
        """Of the first that has one; what one refuses another may know."""
        end = self._clock.monotonic() + LONGEST_SECONDS
        refused: Reply | None = None
        for number, server in enumerate([*self._in_order(servers), *self._in_order(servers)]):
            left = end - self._clock.monotonic()
            if left <= 0 or (refused is not None and number >= len(servers)):
                break
            try:
                reply = await self._ask(
                    server, query, min(FIRST_TRY_SECONDS if number < len(servers) else TRY_SECONDS, left)
                )
            except NoAnswer as error:
                _log.debug("%s: %s", text(query.name), error)
                self._avoided[server] = self._clock.monotonic() + AVOIDED_SECONDS
                continue
            self._avoided.pop(server, None)
            if reply.code not in _NEXT:
                return reply
            refused = reply
        return refused

    def _in_order(self, servers: Sequence[Server]) -> list[Server]:
        now = self._clock.monotonic()
        return sorted(servers, key=lambda server: self._avoided.get(server, 0.0) > now)


def _key(query: Query) -> tuple[object, ...]:
    return query.name, query.type, query.klass, query.wants_signatures, query.flags & 0x0010
