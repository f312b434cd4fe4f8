"""Host ids for containers: one range each, never the same one twice at a time."""

from wherry.engine.containers.rules import DEFAULT_FIRST
from wherry.engine.runtime.model import ID_RANGE_SIZE, IdRange
from wherry.kit.errors import Unavailable

_END = 0xFFFE0000  # the last ids mean "nobody" and "unchanged" to some


class IdRanges:
    """Hands out ranges of 65,536 ids from the ``count`` ids that begin with ``first``, lowest free first."""

    def __init__(self, first: int = DEFAULT_FIRST, count: int = _END) -> None:
        self._first = first
        self._end = min(first + count, _END)
        self._taken: set[int] = set()
        self._next = first

    def take(self) -> IdRange:
        """A range nobody has; Unavailable when there is none."""
        start = self._next
        while start in self._taken:
            start += ID_RANGE_SIZE
        if start + ID_RANGE_SIZE > self._end:
            raise Unavailable(
                "no range of user ids is left for another container: remove some, raise containers.id_count, "
                "or use --userns=host"
            )
        self._taken.add(start)
        self._next = start + ID_RANGE_SIZE
        return IdRange(start)

    def claim(self, first: int) -> None:
        """Mark the range of a container that was there before. Idempotent: containers may share one."""
        self._taken |= {start for start in self._grid(first) if start not in self._taken}

    def _grid(self, first: int) -> list[int]:
        """The ranges of today's settings that overlap one of earlier settings; the same one, usually."""
        offset = (first - self._first) % ID_RANGE_SIZE
        return [first] if offset == 0 else [first - offset, first - offset + ID_RANGE_SIZE]

    def release(self, first: int) -> None:
        """Idempotent."""
        for start in self._grid(first):
            self._taken.discard(start)
            if start >= self._first:
                self._next = min(self._next, start)
