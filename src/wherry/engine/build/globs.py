"""Patterns of file names as regular expressions whose time is bounded, whatever the pattern. Pure.

The syntax is Go's ``filepath.Match``: ``*`` and ``?`` stop at a slash, ``[a-z]`` and ``[^a]``, a backslash escapes. On
top of it is ``**`` as moby/patternmatcher (v0.6) has it: any number of whole directories, or, at the end, anything.

A ``*`` followed by something fixed takes the first place where that stands and never looks for another (an atomic
group): with segments apart, no other choice can succeed where the first fails. So matching takes no more than the
product of both lengths, and nobody can stop a build with a file name of a thousand a's.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from wherry.kit.errors import Invalid

_ANY_DIRECTORIES = r"(?:.*/)?"
_LOOSE_LIMIT = 3
"""Wildcards in a pattern like ``a**b``, where the first place is not enough: each is another factor of time."""


class Kind(Enum):
    """What a token stands for: one character (any, or one of a few), any number of them, of directories, a slash."""

    ONE = "one"
    STAR = "star"
    DIRECTORIES = "directories"
    SLASH = "slash"


@dataclass(frozen=True, slots=True)
class Token:
    """``expression`` is set for ONE. ``is_wild``: a pattern with it is not just a name."""

    kind: Kind
    expression: str = ""
    is_wild: bool = True


_STAR = Token(Kind.STAR)
_DIRECTORIES = Token(Kind.DIRECTORIES)
_SLASH = Token(Kind.SLASH, is_wild=False)


def tokens(pattern: str) -> list[Token]:
    """The pattern taken apart. Raises Invalid with Go's words."""
    return list(_Scanner(pattern).tokens())


class _Scanner:
    """A cursor over a pattern."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def _next(self) -> str:
        if self._at == len(self._pattern):
            raise Invalid("syntax error in pattern")
        self._at += 1
        return self._pattern[self._at - 1]

    def _skips(self, character: str) -> bool:
        found = self._pattern.startswith(character, self._at)
        self._at += found
        return found

    def tokens(self) -> Iterator[Token]:
        while self._at < len(self._pattern):
            character = self._next()
            if character == "*":
                yield _DIRECTORIES if self._skips("*") else _STAR
            elif character == "/":
                yield _SLASH
            elif character == "?":
                yield Token(Kind.ONE, "[^/]")
            elif character == "[":
                yield Token(Kind.ONE, self._class())
            elif character == "\\":
                yield Token(Kind.ONE, re.escape(self._next()))
            else:
                yield Token(Kind.ONE, re.escape(character), is_wild=False)

    def _class(self) -> str:
        """``[^a-z]``: at least one range, and no slash."""
        negation = "^" if self._skips("^") else ""
        ranges = [self._range()]
        while not self._skips("]"):
            ranges.append(self._range())
        return f"(?!/)[{negation}{''.join(ranges)}]"

    def _range(self) -> str:
        low = self._one()
        high = self._one() if self._skips("-") else low
        if high < low:
            raise Invalid("syntax error in pattern")
        return f"{re.escape(low)}-{re.escape(high)}"

    def _one(self) -> str:
        character = self._next()
        if character in "-]":
            raise Invalid("syntax error in pattern")
        return self._next() if character == "\\" else character


def segments(pattern: Sequence[Token]) -> list[list[Token]]:
    """Cut at slashes."""
    found: list[list[Token]] = [[]]
    for token in pattern:
        if token.kind is Kind.SLASH:
            found.append([])
        else:
            found[-1].append(token)
    return found


def segment(pattern: Sequence[Token], is_open: bool = False) -> str:
    """The expression of what stands between two slashes; ``is_open``: something else of the segment may follow."""
    pieces = [""]
    for token in pattern:
        if token.kind is Kind.ONE:
            pieces[-1] += token.expression
        elif len(pieces) == 1 or pieces[-1]:
            pieces.append("")
    first, *others = pieces
    last = others.pop() if others and not is_open else None
    atomic = "".join(f"(?>[^/]*?{piece})" for piece in others)
    return first + atomic + ("" if last is None else f"[^/]*{last}")


def path_expression(pattern: str) -> str:
    """Of ``filepath.Match``, which knows no ``**``: two stars are as good as one."""
    return "/".join(segment(one) for one in segments(tokens(pattern)))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> "re.Pattern[str]":
    return re.compile(path_expression(pattern), re.DOTALL)


def matches(pattern: str, path: str) -> bool:
    """Go's ``filepath.Match``: whether the whole path matches. Raises Invalid for a bad pattern."""
    return _compiled(pattern).fullmatch(path) is not None


def is_wild(text: str) -> bool:
    """Whether a source of COPY is a pattern: an unescaped ``*``, ``?`` or ``[``."""
    return re.search(r"(?<!\\)(?:\\\\)*[*?\[]", text) is not None


def tree_expression(pattern: Sequence[Token]) -> str:
    """Of an ignore file's pattern, with its ``**``."""
    if not any(token.is_wild for token in pattern[1:]) and pattern[:1] == [_DIRECTORIES]:
        return _suffix(pattern[1:])
    if any(map(_is_loose, pattern, pattern[1:], [*pattern[2:], None])):
        return _loose(pattern)
    return _strict(pattern)


def _suffix(pattern: Sequence[Token]) -> str:
    """``**name``, and nothing wild in the name: whatever ends so. ``**/name`` is the name in any directory."""
    if pattern and pattern[0].kind is Kind.SLASH:
        return _ANY_DIRECTORIES + _plain(pattern[1:])
    return ".*" + _plain(pattern)


def _plain(pattern: Sequence[Token]) -> str:
    return "".join("/" if token.kind is Kind.SLASH else token.expression for token in pattern)


def _is_loose(before: Token, token: Token, after: Token | None) -> bool:
    """``a**b`` is a, any directories, b, but the directories need not begin at a slash."""
    return token.kind is Kind.DIRECTORIES and before.kind is not Kind.SLASH and after is not None


def _loose(pattern: Sequence[Token]) -> str:
    if sum(token.kind in (Kind.STAR, Kind.DIRECTORIES) for token in pattern) > _LOOSE_LIMIT:
        raise Invalid("pattern has too many wildcards beside a ** that is not between slashes")
    parts: list[str] = []
    skip_slash = False
    for token, after in zip(pattern, [*pattern[1:], None], strict=True):
        if token.kind is Kind.DIRECTORIES:
            parts.append(".*" if after is None else _ANY_DIRECTORIES)
        elif token.kind is Kind.SLASH:
            parts.append("" if skip_slash else "/")
        else:
            parts.append("[^/]*" if token.kind is Kind.STAR else token.expression)
        skip_slash = token.kind is Kind.DIRECTORIES
    return "".join(parts)


def _strict(pattern: Sequence[Token]) -> str:
    """Groups of segments with any directories between: each but the last is at its first place."""
    *groups, last = _groups(pattern)
    ends_open = last == [[]] and bool(pattern) and pattern[-1].kind is Kind.DIRECTORIES
    parts: list[str] = []
    for number, group in enumerate(groups):
        if group == [[]]:
            continue
        is_tail = ends_open and number == len(groups) - 1
        expression = _group(group, is_tail)
        parts.append(f"(?>(?:[^/]*/)*?{expression})" if number else expression)
    if ends_open:
        return "".join(parts) + ".*"
    return "".join(parts) + (_ANY_DIRECTORIES if groups else "") + "/".join(segment(one) for one in last)


def _groups(pattern: Sequence[Token]) -> list[list[list[Token]]]:
    """Segments between ``**``; the slash behind one belongs to it."""
    groups: list[list[Token]] = [[]]
    skip_slash = False
    for token in pattern:
        if token.kind is Kind.DIRECTORIES:
            groups.append([])
        elif not (skip_slash and token.kind is Kind.SLASH):
            groups[-1].append(token)
        skip_slash = token.kind is Kind.DIRECTORIES
    return [segments(group) for group in groups]


def _group(group: Sequence[Sequence[Token]], is_tail: bool) -> str:
    """A group before a ``**`` ends with a slash, or, at the end of the pattern, anywhere."""
    *whole, last = group
    before = "".join(f"{segment(one)}/" for one in whole)
    return before + (segment(last, is_open=True) if is_tail else segment(last))
