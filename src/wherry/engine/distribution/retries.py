"""When to try again, and how long to wait before. Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from wherry.engine.distribution.refusals import Refused
from wherry.http.client import BrokenOff, NoAnswer, Untrusted

ATTEMPTS = 5
"""In a row without a byte of progress; moby distribution/xfer/download.go maxDownloadAttempts."""

LONGEST_SECONDS = 30
"""A server that asks for more is not waited for: the user is told what it said."""

_FIRST_SECONDS = 1


def pause(error: Exception, attempt: int, now: datetime) -> float | None:
    """Seconds to wait after the failed ``attempt`` (the first is 1); None: it is final."""
    if attempt >= ATTEMPTS or not may_pass(error):
        return None
    asked = _asked(error.retry_after, now) if isinstance(error, Refused) else None
    if asked is None:
        # A limit without a time when it ends is not one that a few seconds help against.
        return None if isinstance(error, Refused) and error.status == 429 else _FIRST_SECONDS * 2.0 ** (attempt - 1)
    return asked if asked <= LONGEST_SECONDS else None


def may_pass(error: Exception) -> bool:
    """Whether it is of the kind that passes: a connection that failed, a server that has trouble."""
    if isinstance(error, Refused):
        return error.may_pass
    return isinstance(error, NoAnswer | BrokenOff) and not isinstance(error, Untrusted)


def _asked(text: str, now: datetime) -> float | None:
    """Retry-After: seconds or a date (RFC 9110 10.2.3)."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
