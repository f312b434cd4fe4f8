"""Schedules of CronJobs, as upstream's library has them (robfig/cron v3, ParseStandard): which differ from other crons'
in what they take (``?``, ``@every 5m``; no ``L``, no ``#``, no 7 for Sunday) and in their words.
"""

import re

import msgspec

DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_DAYS = "sun mon tue wed thu fri sat"
_FIELDS = ((0, 59, ""), (0, 23, ""), (1, 31, ""), (1, 12, _MONTHS), (0, 6, _DAYS))
"""Of each field the lowest and the highest value, and their names from the lowest on."""
_DURATION = re.compile(r"[+-]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
_DURATION_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_MOST_SECONDS = 2**63 / 1e9  # Go counts nanoseconds in 64 bits
_LONGEST = 4096  # characters; no schedule needs that many


class Schedule(msgspec.Struct, frozen=True):
    """Either the values at which it fires (``either_day``: when the day or the weekday fits, since both are given), or
    ``every_seconds``."""

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    either_day: bool = False
    every_seconds: int = 0


def parse(text: str) -> Schedule:
    """Raises ValueError. A time zone in front (``TZ=…``) is passed over: who asks refuses it."""
    if not text:
        raise ValueError("empty spec string")
    if len(text) > _LONGEST:
        raise ValueError(f"spec string of more than {_LONGEST} characters")
    if text.startswith(("TZ=", "CRON_TZ=")):
        text = text.partition(" ")[2].strip()
    if text.startswith("@"):
        return _descriptor(text)
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"expected exactly {len(_FIELDS)} fields, found {len(fields)}: [{' '.join(fields)}]")
    values = [_field(field, low, high, known) for field, (low, high, known) in zip(fields, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = (frozenset(found) for found, _ in values)
    return Schedule(minutes, hours, days, months, weekdays, not values[2][1] and not values[4][1])


def _descriptor(text: str) -> Schedule:
    if text in DESCRIPTORS:
        return parse(DESCRIPTORS[text])
    if not text.startswith("@every "):
        raise ValueError(f"unrecognized descriptor: {text}")
    written = text.removeprefix("@every ")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(written))
    if _DURATION.fullmatch(written) is None or seconds > _MOST_SECONDS:
        raise ValueError(f'failed to parse duration {text}: time: invalid duration "{written}"')
    return Schedule(every_seconds=max(int(seconds), 1) if not written.startswith("-") else 1)


def _field(text: str, low: int, high: int, known: str) -> tuple[set[int], bool]:
    """The values, and whether a star was among them."""
    found: set[int] = set()
    starred = False
    for part in text.split(","):
        if not part:
            continue
        values, is_star = _range(part, low, high, known)
        found |= values
        starred = starred or is_star
    return found, starred


def _range(text: str, low: int, high: int, known: str) -> tuple[set[int], bool]:
    span, *steps = text.split("/")
    ends = span.split("-")
    starred = ends[0] in ("*", "?")
    if starred:
        start, end = low, high
    else:
        start = _number(ends[0], low, known)
        if len(ends) > 2:
            raise ValueError(f"too many hyphens: {text}")
        end = _number(ends[1], low, known) if len(ends) == 2 else start
    if len(steps) > 1:
        raise ValueError(f"too many slashes: {text}")
    step = _integer(steps[0]) if steps else 1
    if steps and len(ends) == 1:
        end = high
    _check(text, (start, end, step), low, high)
    return set(range(start, end + 1, step)), starred and step == 1


def _check(text: str, found: tuple[int, int, int], low: int, high: int) -> None:
    start, end, step = found
    if start < low:
        raise ValueError(f"beginning of range ({start}) below minimum ({low}): {text}")
    if end > high:
        raise ValueError(f"end of range ({end}) above maximum ({high}): {text}")
    if start > end:
        raise ValueError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise ValueError(f"step of range should be a positive number: {text}")


def _number(text: str, low: int, known: str) -> int:
    names = known.split()
    return names.index(text.lower()) + low if text.lower() in names else _integer(text)


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    if not digits.isascii() or not digits.isdecimal() or len(text) - len(digits) > 1:
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    if len(digits) > 18:
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": value out of range')
    if text.startswith("-"):
        raise ValueError(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)
