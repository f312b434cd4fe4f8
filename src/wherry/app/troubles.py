"""What goes wrong again and again is a line in the log when it begins, and one with their number when it is quiet."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from wherry.kit.errors import Unavailable

QUIET_SECONDS = 10.0
LONG_SECONDS = 600.0
"""After which a trouble that goes on is told of once more."""
_SERVER_ERROR = 500
log = logging.getLogger("wherry")


@dataclass(slots=True)
class _Trouble:
    since: float
    last: float
    more: int = 0


def _later(seconds: float, look: Callable[[], None]) -> object:
    """Raises RuntimeError outside the loop."""
    return asyncio.get_running_loop().call_later(seconds, look)


class Troubles(logging.Filter):
    """Of records about the same trouble lets the first pass. A trouble is an Unavailable among what a record tells of,
    or a refusal with a code of 500 and more, by what its message says before its first colon: ``etcd at … does not
    answer``. Traces pass: they are of faults."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], object] = _later,
    ) -> None:
        super().__init__()
        self._now = now
        self._later = later
        self._known: dict[str, _Trouble] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        told = _told(record)
        if told is None:
            return True
        now, known = self._now(), self._known.get(told)
        if known is not None:
            known.more, known.last = known.more + 1, now
            return False
        try:
            self._later(QUIET_SECONDS, lambda: self._look(told))
        except RuntimeError:  # in a thread
            return True
        self._known[told] = _Trouble(now, now)
        return True

    def _look(self, told: str) -> None:
        now, known = self._now(), self._known[told]
        if now - known.last < QUIET_SECONDS and now - known.since < LONG_SECONDS:
            self._later(QUIET_SECONDS, lambda: self._look(told))
            return
        del self._known[told]
        if known.more:
            log.warning("%s: %d times more in %.0f s", told, known.more, known.last - known.since)


def _told(record: logging.LogRecord) -> str | None:
    if record.exc_info or not isinstance(record.args, tuple):
        return None
    for each in record.args:
        is_refusal = isinstance(each, Exception) and getattr(each, "code", 0) >= _SERVER_ERROR
        if isinstance(each, Unavailable) or is_refusal:
            return str(each).partition(": ")[0]
    return None
