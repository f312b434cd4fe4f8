"""Many requests at once, but not a hundred that fail for the same reason, nor a thousand that others wait behind."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

Act = Callable[[], Awaitable[object]]
_AT_ONCE = 32
"""What a server commits together, about. What is asked in the same process would else come before all who ask from
outside, and a lease that is late makes a node one that is gone."""


async def at_once(acts: Iterable[Act]) -> None:
    """All of them, so many at a time. Raises the first error, after all have ended."""
    waiting = iter(acts)
    errors: list[Exception] = []

    async def work() -> None:
        for act in waiting:
            try:
                await act()
            except Exception as error:
                errors.append(error)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    if errors:
        raise errors[0]


async def slow_start(acts: Sequence[Act], first: int = 1) -> None:
    """First so many, then twice as many each time, as long as all succeed (replica_set.go slowStartBatch). Raises the
    first error; what would have come after it was not tried."""
    begin, size = 0, first
    while begin < len(acts):
        await at_once(acts[begin : begin + size])
        begin, size = begin + size, size * 2
