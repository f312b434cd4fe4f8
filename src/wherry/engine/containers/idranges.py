"""Host ids for containers: one range each, never the same one twice at a time."""

from wherry.engine.runtime.model import ID_RANGE_SIZE, IdRange
from wherry.kit.errors import Unavailable

DEFAULT_FIRST = 100_000
_LAST_ID = 0xFFFF0000


class IdRanges:
    """Hands out ranges of 65,536 ids from ``first`` on, lowest free first."""

    def __init__(self, first: int = DEFAULT_FIRST) -> None:
        self._first = first
        self._taken: set[int] = set()
        self._next = first

    def take(self) -> IdRange:
        """A range nobody has; Unavailable when there is none."""
        start = self._next
        while start in self._taken:
            start += ID_RANGE_SIZE
            if start + ID_RANGE_SIZE > _LAST_ID:
                raise Unavailable(
                    "no range of user ids is left for another container; remove some, or use --userns=host"
                )
        self._taken.add(start)
        self._next = start + ID_RANGE_SIZE
        return IdRange(start)

    def claim(self, first: int) -> None:
        """Mark the range of a container that was there before."""
        self._taken.add(first)

    def release(self, first: int) -> None:
        self._taken.discard(first)
        self._next = min(self._next, first)
