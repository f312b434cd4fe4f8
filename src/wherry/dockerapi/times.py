"""Times as Docker writes them."""

from datetime import UTC, datetime

ZERO = "0001-01-01T00:00:00Z"  # Go's zero time: never


def stamp(nanoseconds: int) -> str:
    """RFC 3339 with nine digits, in UTC; 0 is :data:`ZERO`."""
    if not nanoseconds:
        return ZERO
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
