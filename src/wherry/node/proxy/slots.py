"""How one of N endpoints is chosen by rules that do not know N: pure.

An endpoint's place in the maps is ``frontend . slot``. A slot is a number below the *size*, plus what tells sizes and
kinds apart; for each size in use a rule draws a number below it and looks there. Up to :data:`EXACT` endpoints, size is
their number. Above, it is the next power of two, and the first slots are taken: the rule draws again when it has drawn
an empty one, at last among the first half, which is full. So each endpoint of many gets nearly the same (within 7 % for
the least favourable number), and adding one to a thousand touches one element, not a thousand.
"""

from collections.abc import Iterable, Iterator, Sequence
from zlib import crc32

from wherry.node.proxy.model import Target

EXACT = 16
_DRAWS = 4
_SIZE_SHIFT = 16
_OUTSIDE = 1 << 31
MOST = 1 << 14
"""Endpoints of one port; more are left out (upstream recommends at most 5,000 pods behind a service)."""


def size_of(count: int) -> int:
    return count if count <= EXACT else 1 << (count - 1).bit_length()


def draws(size: int, is_outside: bool) -> Iterator[str]:
    """nft expressions that draw a slot, to be tried one after the other."""
    base = slot(size, 0, is_outside)
    if size <= EXACT:
        yield f"numgen random mod {size} offset {base}"
        return
    for _ in range(_DRAWS):
        yield f"numgen random mod {size} offset {base}"
    yield f"numgen random mod {size // 2} offset {base}"


def slot(size: int, index: int, is_outside: bool) -> int:
    """``is_outside``: of the endpoints for who comes from outside, where these are others."""
    return (_OUTSIDE if is_outside else 0) | (size << _SIZE_SHIFT) | index


def arranged(before: Sequence[Target], now: Iterable[Target]) -> tuple[Target, ...]:
    """In an order that moves as little as can be: who stays, stays; the last fill the gaps; who is new comes last."""
    wanted = set(sorted(now)[:MOST])
    kept: list[Target | None] = [each if each in wanted else None for each in before]
    fresh = sorted(wanted.difference(before))
    for index, each in enumerate(kept):
        if each is None and fresh:
            kept[index] = fresh.pop(0)
    return tuple(_without_gaps(kept)) + tuple(fresh)


def _without_gaps(kept: list[Target | None]) -> list[Target]:
    found: list[Target] = []
    while kept:
        each = kept.pop(0)
        while each is None and kept:
            each = kept.pop()
        if each is not None:
            found.append(each)
    return found


def numbers(targets: Iterable[Target]) -> dict[Target, int]:
    """A number for each by which a client's choice is remembered: the same whoever else is there, almost always."""
    found: dict[Target, int] = {}
    taken: set[int] = set()
    for each in sorted(targets):
        number = crc32(f"{each.address} {each.port}".encode())
        while number in taken:
            number = (number + 1) & 0xFFFFFFFF
        taken.add(number)
        found[each] = number
    return found
