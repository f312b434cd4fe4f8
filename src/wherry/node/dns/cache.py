"""Answers of others, for as long as they hold (RFC 1035 §3.2.1, RFC 2308), and bounded in every way."""

import struct
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from wherry.node.dns.message import HEADER, Reply
from wherry.node.dns.records import Code, Type

MOST_ENTRIES, MOST_BYTES = 10_000, 8 << 20
LONGEST_SECONDS, LONGEST_NEGATIVE_SECONDS, FAILURE_SECONDS = 300, 30, 1
"""However long others say: a wrong answer is to be gone soon (CHECKS.md §2.6, cache pinning)."""


@dataclass(frozen=True, slots=True)
class Kept:
    reply: Reply
    since: float
    until: float

    def message(self, now: float) -> bytes:
        """With what is left of its time."""
        passed = int(now - self.since)
        if not passed:
            return self.reply.data
        data = bytearray(self.reply.data)
        for place in self.reply.ttls:
            (ttl,) = struct.unpack_from("!I", data, place)
            struct.pack_into("!I", data, place, max(ttl - passed, 0))
        return bytes(data)


class Cache:
    """Who was asked for longest ago goes first."""

    def __init__(self, entries: int = MOST_ENTRIES, size: int = MOST_BYTES) -> None:
        self._entries = entries
        self._size = size
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, now: float) -> Kept | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if now >= kept.until:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: Hashable, reply: Reply, now: float) -> Kept:
        """Keeps it if it may be kept."""
        kept = Kept(capped(reply), now, now + lifetime(reply))
        self._drop(key)
        if kept.until > now and len(reply.data) < self._size:
            self._kept[key] = kept
            self._bytes += len(reply.data)
            while len(self._kept) > self._entries or self._bytes > self._size:
                self._drop(next(iter(self._kept)))
        return kept

    def clear(self) -> None:
        self._kept.clear()
        self._bytes = 0

    def _drop(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept.reply.data)


def lifetime(reply: Reply) -> int:
    """Seconds."""
    if reply.truncated:
        return 0
    if reply.code not in (Code.NOERROR, Code.NXDOMAIN):
        return FAILURE_SECONDS
    ttls = _ttls(reply)
    if reply.code == Code.NOERROR and any(record.type == reply.type for record in reply.answers):
        return min([LONGEST_SECONDS, *ttls])
    for record in reply.authority:
        if record.type == Type.SOA and len(record.data) >= 20:
            minimum = int.from_bytes(record.data[-4:], "big")
            return min([LONGEST_NEGATIVE_SECONDS, minimum, *ttls])
    return FAILURE_SECONDS


def capped(reply: Reply) -> Reply:
    """Nobody further on keeps it for longer either."""
    data = bytearray(reply.data)
    for place in reply.ttls:
        (ttl,) = struct.unpack_from("!I", data, place)
        if ttl > LONGEST_SECONDS:
            struct.pack_into("!I", data, place, 0 if ttl >> 31 else LONGEST_SECONDS)  # RFC 2181 §8
    if data == reply.data:
        return reply
    return Reply(
        bytes(data), reply.code, reply.truncated, reply.name, reply.type, reply.klass, reply.answers, reply.authority,
        reply.ttls,
    )  # fmt: skip


def _ttls(reply: Reply) -> list[int]:
    found = [int.from_bytes(reply.data[place : place + 4], "big") for place in reply.ttls if place >= HEADER.size]
    return [0 if ttl >> 31 else ttl for ttl in found]
