"""Sets of a job's indexes, as texts: ``0,3-5,7``."""

INT32_MAX = 2**31 - 1


def count(text: str, completions: int) -> int:
    """How many indexes there are. Raises ValueError when they do not rise, or are not below ``completions``."""
    total, last = 0, -1
    for part in text.split(",") if text else ():
        first, end = interval(part, completions)
        if last >= first:
            raise ValueError(f"non-increasing order, previous: {last}, current: {first}")
        total += end - first + 1
        last = end
    return total


def interval(text: str, completions: int) -> tuple[int, int]:
    """Of one part, both ends in it. Raises ValueError."""
    parts = text.split("-")
    if len(parts) > 2:
        why = "violates the requirement that an index interval can have at most two parts separated by '-'"
        raise ValueError(f'the fragment "{text}" {why}')
    ends = [_index(part, completions) for part in parts]
    if len(ends) == 2 and ends[0] >= ends[1]:
        raise ValueError(f"non-increasing order, previous: {ends[0]}, current: {ends[1]}")
    return ends[0], ends[-1]


def _index(text: str, completions: int) -> int:
    if not text.isascii() or not text.removeprefix("+").isdecimal() or len(text) > 19:
        raise ValueError(f'cannot convert string to integer for index: "{text}"')
    if int(text) >= completions:
        raise ValueError(f'too large index: "{text}"')
    return int(text)


def first_in_both(one: str, other: str, completions: int) -> int | None:
    """The lowest index that both have; parts that cannot be read do not count, nor do texts that are empty."""
    left, right = _intervals(one, completions), _intervals(other, completions)
    while left and right:
        (first, last), (start, end) = left[0], right[0]
        if first <= end and start <= last:
            return max(first, start)
        (left if first <= start else right).pop(0)
    return None


def _intervals(text: str, completions: int) -> list[tuple[int, int]]:
    found = []
    for part in text.split(",") if text else ():
        try:
            found.append(interval(part, completions))
        except ValueError:
            continue
    return found
