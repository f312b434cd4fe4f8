"""Shell patterns in ``${name#pattern}`` and its kin: ``*`` and ``?``, no brackets. Pure.

Matching is by sets of positions, kept as the bits of an integer: its time is the product of both lengths over the
machine's word, whatever the pattern, where a regular expression's could be exponential in the number of stars.
"""

from collections.abc import Iterable, Sequence
from enum import Enum

from wherry.kit.errors import Invalid


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


def replaced(value: str, pattern: Sequence[Token], replacement: str, everywhere: bool) -> str:
    """``${value/pattern/replacement}``: the longest of the leftmost matches, with ``everywhere`` all after it too.

    A pattern that matches nothing at all, like the empty one, replaces nothing.
    """
    done: list[str] = []
    while (start := _start(value, pattern)) is not None:
        end = start + (_end(value[start:], pattern, True) or 0)
        if end == start:
            break
        done += [value[:start], replacement]
        value = value[end:]
        if not everywhere:
            break
    return "".join(done) + value


def _end(value: str, pattern: Iterable[Token], longest: bool) -> int | None:
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


def _positions(value: str, pattern: Iterable[Token], start: int) -> int:
    """The positions (bits 0 to the length) where ``pattern`` can have ended, having started at those of ``start``."""
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
