"""Go's durations and Docker's moments in time, as filters and health checks write them. Pure."""

import re
from datetime import UTC, datetime, timedelta

from wherry.kit.errors import Invalid

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # U+00B5
    "μs": 1_000,  # U+03BC
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_RFC3339 = re.compile(r"^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:\d\d)?$")
_SECONDS = re.compile(r"^(-?\d{1,18})(?:\.(\d{1,9}))?$")


def parse_duration(text: str) -> int:
    """``1h30m`` in nanoseconds, as Go's time.ParseDuration; Invalid with its words."""
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    total, at = 0, 0
    while at < len(rest):
        match = _PART.match(rest, at)
        if match is None:
            break
        whole, _, fraction = match[1].partition(".")
        unit = _UNITS[match[2]]
        total += int(whole or 0) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
        at = match.end()
    if not rest or at < len(rest):
        raise Invalid(f'time: invalid duration "{text}"')
    return sign * total


def format_duration(nanoseconds: int) -> str:
    """``1h30m0s``, ``1.5s``, ``20ms``, ``0s``: Go's Duration.String."""
    sign, rest = ("-" if nanoseconds < 0 else ""), abs(nanoseconds)
    if rest < 1_000_000_000:
        unit = next((unit for unit in ("ms", "µs", "ns") if rest >= _UNITS[unit]), "s")
        return f"{sign}{_decimal(rest, _UNITS[unit])}{unit}"
    minutes, rest = divmod(rest, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_decimal(rest, _UNITS['s'])}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}"
    return f"{sign}{minutes}m{seconds}" if minutes else sign + seconds


def _decimal(count: int, unit: int) -> str:
    whole, rest = divmod(count, unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def parse_moment(text: str, now_nanoseconds: int) -> int:
    """A moment in nanoseconds since 1970, in Docker's notations (api/types/time.GetTimestamp).

    ``10m`` is that long ago, ``1700000000[.123]`` Unix seconds, otherwise a date or RFC 3339 time, UTC unless it says.
    Raises Invalid.
    """
    if match := _SECONDS.match(text):
        return int(match[1]) * 1_000_000_000 + int((match[2] or "0").ljust(9, "0"))
    if match := _RFC3339.match(text):
        return _date(match)
    try:
        return now_nanoseconds - parse_duration(text)
    except Invalid as error:
        raise Invalid(f'failed to parse value as time or duration: "{text}"') from error


def _date(match: re.Match[str]) -> int:
    date, hour, minute, second, fraction, zone = match.groups()
    clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}"
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}{'+00:00' if zone in (None, 'Z') else zone}")
    except ValueError as error:
        raise Invalid(f'parsing time "{match[0]}": {error}') from error
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since // timedelta(seconds=1)) * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))


def format_moment(nanoseconds: int) -> str:
    """RFC 3339 with as many fractional digits as needed, as Go's RFC3339Nano."""
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    digits = f"{fraction:09d}".rstrip("0")
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{digits}" if digits else "") + "Z"
