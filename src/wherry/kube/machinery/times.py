"""Times as the API writes them, and durations as ``kubectl get`` shows them."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

_SHAPE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_is_utc = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII).fullmatch
"""As nearly all are: Python reads these itself."""


def rfc3339(when: datetime) -> str:
    """metav1.Time: whole seconds, UTC: ``2026-01-02T03:04:05Z``."""
    # Of what msgspec writes in a tenth of the time of isoformat: 2026-01-02T03:04:05.000006Z.
    text: str = msgspec.to_builtins(when if when.tzinfo is UTC else when.astimezone(UTC))
    return text[:19] + "Z"


def rfc3339_micro(when: datetime) -> str:
    """metav1.MicroTime: ``2026-01-02T03:04:05.000006Z``."""
    text: str = msgspec.to_builtins(when if when.tzinfo is UTC else when.astimezone(UTC))
    return text if when.microsecond else text[:-1] + ".000000Z"


def parse(text: str) -> datetime:
    """Of RFC 3339, in UTC; finer than a microsecond is cut off. Raises ValueError."""
    if _is_utc(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # it is said below what is wrong
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse')
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    micro = int((found[7] or "")[:6].ljust(6, "0"))
    try:
        when = datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
        if found[8]:
            return when
        away = timedelta(hours=int(found[10]), minutes=int(found[11]))
        return when - away if found[9] == "+" else when + away
    except (ValueError, OverflowError) as error:
        raise ValueError(f'parsing time "{text}": {error}') from error


def human_duration(seconds: float) -> str:
    """Two or three figures (k8s.io/apimachinery pkg/util/duration): ``5s``, ``3m7s``, ``4h12m``, ``2d3h``, ``400d``.

    One second in the future is still now: clocks differ."""
    whole = int(seconds)  # towards zero, as Go does
    if whole < -1:
        return "<invalid>"
    if whole < 120:
        return f"{max(whole, 0)}s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    if days < 2920:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def since(timestamp: object, now: datetime) -> str:
    """How long ago a time of an object was, as a cell shows it; ``<unknown>`` when there is none."""
    if not isinstance(timestamp, str) or not timestamp:
        return "<unknown>"
    try:
        return human_duration((now - parse(timestamp)).total_seconds())
    except ValueError:
        return "<unknown>"
