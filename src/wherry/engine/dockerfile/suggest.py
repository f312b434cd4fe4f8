"""``(did you mean X?)``: the nearest of what would have been right. Pure."""

from collections.abc import Iterable

_FARTHEST = 2
"""Insertions, deletions and changes between what was written and what is suggested (BuildKit util/suggest)."""


def suggestion(word: str, options: Iterable[str]) -> str:
    """`` (did you mean option?)``, or nothing when none is near."""
    found = nearest(word, options)
    return f" (did you mean {found}?)" if found else ""


def nearest(word: str, options: Iterable[str]) -> str:
    """The nearest option; empty when all are far, or one is the word itself.

    Among equals the one with the same first letter (few misspell that), then in alphabetical order.
    """
    best, least = "", _FARTHEST + 1
    for option in sorted(options, key=lambda option: (option[:1] != word[:1], option)):
        if option == word:
            return ""
        distance = _distance(word, option, least)
        if distance < least:
            best, least = option, distance
    return best


def _distance(one: str, other: str, limit: int) -> int:
    """Levenshtein's distance; ``limit`` when it is that or more."""
    if abs(len(one) - len(other)) >= limit:
        return limit
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, 1):
        before, row = row, [number]
        for column, option in enumerate(other, 1):
            row.append(min(before[column] + 1, row[-1] + 1, before[column - 1] + (character != option)))
    return min(row[-1], limit)
