"""Sets of a job's indexes, which mostly are a few long runs: ``0-4,7``."""

from collections.abc import Iterable

import msgspec

Span = tuple[int, int]
"""First and last."""


class Indexes(msgspec.Struct, frozen=True):
    """``spans`` are in order, and no two touch."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, indexes: Iterable[int]) -> "Indexes":
        return _joined((each, each) for each in indexes)

    @classmethod
    def parse(cls, text: str, completions: int) -> "Indexes":
        """Of a status or a rule; what cannot be read and what is not below ``completions`` is passed over."""
        found = []
        for part in text.split(",") if text else ():
            first, dash, last = part.partition("-")
            if not first.isdecimal() or (dash and not last.isdecimal()) or int(first) >= completions:
                continue
            found.append((int(first), min(int(last), completions - 1) if dash else int(first)))
        return _joined(found)

    @property
    def total(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)

    def __contains__(self, index: int) -> bool:
        return any(first <= index <= last for first, last in self.spans)

    def __or__(self, other: "Indexes") -> "Indexes":
        return _joined((*self.spans, *other.spans))

    def __and__(self, other: "Indexes") -> "Indexes":
        pairs = ((max(a, c), min(b, d)) for a, b in self.spans for c, d in other.spans)
        return _joined((first, last) for first, last in pairs if first <= last)

    def __str__(self) -> str:
        return ",".join(map(_text, self.spans))

    def missing(self, count: int, completions: int) -> list[int]:
        """The ``count`` lowest indexes below ``completions`` that are not here."""
        found: list[int] = []
        next_one = 0
        for first, last in (*self.spans, (completions, completions)):
            found += range(next_one, min(first, completions, next_one + count - len(found)))
            if len(found) >= count:
                return found
            next_one = max(next_one, last + 1)
        return found


def _joined(spans: Iterable[Span]) -> Indexes:
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return Indexes(tuple(joined))


def _text(span: Span) -> str:
    first, last = span
    return str(first) if first == last else f"{first}{',' if last == first + 1 else '-'}{last}"
