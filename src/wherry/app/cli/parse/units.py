"""Sizes and durations: as typed, and as shown (docker/go-units)."""

import re

_SIZE = re.compile(r"^(\d+(?:\.\d+)?) ?([kmgtp]?)(i?b)?$", re.IGNORECASE)
_BINARY = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
MINUTE, HOUR, DAY = 60, 3600, 86400


def bytes_of(text: str) -> int:
    """``64m`` is 67108864; -1 where -1 was typed (no limit)."""
    if text == "-1":
        return -1
    match = _SIZE.match(text.strip())
    if match is None:
        raise ValueError(f"invalid size: '{text}'")
    return int(float(match[1]) * _BINARY[match[2].lower()])


def nanoseconds_of(text: str) -> int:
    """Go's duration grammar: ``1m30s``, ``500ms``."""
    if text == "0":
        return 0
    matches = list(_DURATION.finditer(text))
    if not matches or "".join(match[0] for match in matches) != text:
        raise ValueError(f'invalid duration "{text}" (like 90s, 1m30s, 500ms)')
    return sum(int(float(match[1]) * _NANOSECONDS[match[2]]) for match in matches)


def decimal_size(count: float, precision: int = 4) -> str:
    """``5.53MB``: powers of 1000."""
    return _scaled(count, 1000.0, ("B", "kB", "MB", "GB", "TB", "PB", "EB"), precision)


def binary_size(count: float) -> str:
    """``64MiB``: powers of 1024."""
    return _scaled(count, 1024.0, ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"), 4)


def _scaled(count: float, base: float, units: tuple[str, ...], precision: int) -> str:
    index = 0
    while count >= base and index < len(units) - 1:
        count /= base
        index += 1
    return f"{count:.{precision}g}{units[index]}"


def duration(seconds: float) -> str:
    """``2 hours``, ``About a minute``: units.HumanDuration."""
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole < MINUTE:
        return "1 second" if whole == 1 else f"{whole} seconds"
    minutes = whole // MINUTE
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    hours = int(seconds / HOUR + 0.5)
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    for below, divisor, unit in ((14, 1, "days"), (60, 7, "weeks"), (730, 30, "months")):
        if hours < 24 * below:
            return f"{hours // 24 // divisor} {unit}"
    return f"{hours // 24 // 365} years"
