"""Shell patterns in ``${name#pattern}`` and its kin: ``*`` and ``?``, no brackets. Pure.

Matching is by sets of positions, kept as the bits of an integer: its time is the product of both lengths over the
machine's word, whatever the pattern, where a regular expression's could be exponential in the number of stars.
"""

from collections.abc import Iterator, Sequence
from enum import Enum

from wherry.kit.errors import Invalid

_WORK_LIMIT = 8 << 20


class Wild(Enum):
    """What is not a character that stands for itself."""

    ONE = "?"
    ANY = "*"


Token = str | Wild


def tokens(pattern: str, escape: str) -> list[Token]:
    """The pattern taken apart; Invalid for an escape of something that needs none."""
    found: list[Token] = []
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            found.append(_escaped(next(characters, ""), pattern, escape))
        elif character in "*?":
            found.append(Wild(character))
        else:
            found.append(character)
    return found


def _escaped(character: str, pattern: str, escape: str) -> str:
    """``}`` and ``/`` end the pattern unless escaped; ``*``, ``?`` and the escape itself are special in it."""
    if not character or character not in f"}}/*?{escape}":
        raise Invalid(f"invalid pattern ({pattern}) in substitution: invalid escape '{escape}{character}'")
    return character


def without_prefix(value: str, pattern: Sequence[Token], longest: bool) -> str:
    """``${value#pattern}``, with ``longest`` ``##``."""
    end = _end(value, pattern, longest)
    return value if end is None else value[end:]


def without_suffix(value: str, pattern: Sequence[Token], longest: bool) -> str:
    """``${value%pattern}``, with ``longest`` ``%%``."""
    end = _end(value[::-1], list(reversed(pattern)), longest)
    return value if end is None else value[: len(value) - end]


def replaced(value: str, pattern: Sequence[Token], replacement: str, everywhere: bool, limit: int) -> str:
    """``${value/pattern/replacement}``: the longest of the leftmost matches, with ``everywhere`` all after it too.

    A pattern that matches nothing at all, like the empty one, replaces nothing. Raises Invalid for a result longer than
    ``limit``.
    """
    done: list[str] = []
    rest = length = 0
    for start, end in _matches(value, pattern):
        length += start - rest + len(replacement)
        if length > limit:
            raise Invalid("the replacements make it too long")
        done += [value[rest:start], replacement]
        rest = end
        if not everywhere:
            break
    return "".join(done) + value[rest:]


def _matches(value: str, pattern: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Where matches start and end, from the left; none overlaps another."""
    if Wild.ANY in pattern:
        # The longest reaches as far as any could: after it there is none.
        start = _start(value, pattern)
        end = start + (_end(value[start:], pattern, True) or 0) if start is not None else 0
        if start is not None and end > start:
            yield start, end
    elif pattern:
        yield from _fixed(value, pattern)


def _fixed(value: str, pattern: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Of a pattern that always matches as many characters as it has."""
    ends = bin(_positions(value, pattern, (1 << (len(value) + 1)) - 1))[:1:-1]  # the lowest first
    at = ends.find("1")
    while at >= 0:
        yield at - len(pattern), at
        at = ends.find("1", at + len(pattern))


def _check_work(value: str, pattern: Sequence[Token]) -> None:
    """Matching takes the time of both lengths' product, and nobody's Dockerfile needs much of it."""
    if len(value) * len(set(pattern)) > _WORK_LIMIT:
        raise Invalid("the pattern and the value are too long for each other")


def _end(value: str, pattern: Sequence[Token], longest: bool) -> int | None:
    """Where a match from the beginning ends; None when there is none."""
    ends = _positions(value, pattern, 1)
    if not ends:
        return None
    return (ends if longest else ends & -ends).bit_length() - 1


def _start(value: str, pattern: Sequence[Token]) -> int | None:
    """Where the leftmost match starts: backwards from everywhere, as far as it goes."""
    everywhere = (1 << (len(value) + 1)) - 1
    starts = _positions(value[::-1], list(reversed(pattern)), everywhere)
    return len(value) - (starts.bit_length() - 1) if starts else None


def _positions(value: str, pattern: Sequence[Token], start: int) -> int:
    """The positions (bits 0 to the length) where ``pattern`` can have ended, having started at those of ``start``."""
    _check_work(value, pattern)
    full = (1 << (len(value) + 1)) - 1
    before: dict[str, int] = {}
    at = start
    for token in pattern:
        if token is Wild.ANY:
            at = full & ~((at & -at) - 1) if at else 0
        elif token is Wild.ONE:
            at = (at << 1) & full
        else:
            at = (at & _where(value, str(token), before)) << 1
        if not at:
            return 0
    return at


def _where(value: str, character: str, known: dict[str, int]) -> int:
    """The positions that ``character`` follows."""
    if character not in known:
        bits = "".join("1" if one == character else "0" for one in reversed(value))
        known[character] = int(bits, 2) if bits else 0
    return known[character]
