from tests.unit.node.dns import wires
from wherry.node.dns.cache import (
    FAILURE_SECONDS,
    LONGEST_NEGATIVE_SECONDS,
    LONGEST_SECONDS,
    Cache,
    Kept,
    capped,
    lifetime,
)
from wherry.node.dns.message import Reply, parse_reply

ASKED = wires.query("www.example.org")


def made(*answers: bytes, authority: tuple[bytes, ...] = (), code: int = 0, flags: int = 0x8180) -> Reply:
    return parse_reply(wires.reply(ASKED, answers, authority, code=code, flags=flags))


def ttls(kept: Kept, now: float) -> list[int]:
    message = kept.message(now)
    return [int.from_bytes(message[place : place + 4], "big") for place in kept.reply.ttls]


def test_an_answer_holds_as_long_as_its_shortest_record_and_counts_down() -> None:
    cache = Cache()
    cache.put("a", made(wires.address(1, 2, 3, 4, ttl=60), wires.address(1, 2, 3, 5, ttl=20)), 100.0)
    kept = cache.get("a", 119.9)
    assert kept is not None
    assert ttls(kept, 100.2) == [60, 20]
    assert ttls(kept, 119.9) == [41, 1]
    assert cache.get("a", 120.0) is None
    assert len(cache) == 0


def test_nothing_holds_for_longer_than_we_want() -> None:
    reply = made(wires.address(1, 2, 3, 4, ttl=1 << 30))
    assert lifetime(reply) == LONGEST_SECONDS
    assert ttls(Cache().put("a", reply, 0.0), 0.0) == [LONGEST_SECONDS]
    negative = made(wires.address(1, 2, 3, 4, ttl=1 << 31))
    assert lifetime(negative) == 0
    assert ttls(Kept(capped(negative), 0.0, 0.0), 0.0) == [0]


def test_negative_answers_hold_as_their_authority_says() -> None:
    assert lifetime(made(authority=(wires.soa(ttl=60, minimum=7),), code=3)) == 7
    assert lifetime(made(authority=(wires.soa(ttl=9, minimum=70),))) == 9
    assert lifetime(made(authority=(wires.soa(900, 900),), code=3)) == LONGEST_NEGATIVE_SECONDS
    assert lifetime(made(code=3)) == FAILURE_SECONDS
    alias = wires.rr(wires.QUESTION, 5, 20, b"\1a\0")
    assert lifetime(made(alias)) == FAILURE_SECONDS, "nothing behind it, and nobody says for how long"


def test_failures_hold_for_a_moment_and_what_is_truncated_not_at_all() -> None:
    assert lifetime(made(code=2)) == FAILURE_SECONDS
    cache = Cache()
    cache.put("a", made(wires.address(1, 2, 3, 4), flags=0x8380), 0.0)
    assert len(cache) == 0


def test_it_is_bounded_by_number_and_by_size() -> None:
    reply = made(wires.address(1, 2, 3, 4))
    few = Cache(entries=3)
    for key in "abc":
        few.put(key, reply, 0.0)
    few.get("a", 0.0)
    few.put("d", reply, 0.0)
    assert [key for key in "abcd" if few.get(key, 0.0)] == ["a", "c", "d"], "who was asked for longest ago goes"
    small = Cache(size=2 * len(reply.data))
    for key in "abcd":
        small.put(key, reply, 0.0)
    assert len(small) == 2
    tiny = Cache(size=10)
    tiny.put("a", reply, 0.0)
    assert len(tiny) == 0


def test_the_same_key_again_is_one_entry() -> None:
    reply = made(wires.address(1, 2, 3, 4))
    cache = Cache(size=2 * len(reply.data))
    for _ in range(5):
        cache.put("a", reply, 0.0)
    cache.put("b", reply, 0.0)
    assert len(cache) == 2
    cache.clear()
    assert len(cache) == 0
