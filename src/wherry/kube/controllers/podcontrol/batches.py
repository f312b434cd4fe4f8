"""Many requests at once, but not a hundred that fail for the same reason."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

Act = Callable[[], Awaitable[object]]


async def at_once(acts: Iterable[Act]) -> None:
    """All of them. Raises the first error, after all have ended."""
    results = await asyncio.gather(*(act() for act in acts), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def slow_start(acts: Sequence[Act], first: int = 1) -> None:
    """First so many, then twice as many each time, as long as all succeed (replica_set.go slowStartBatch). Raises the
    first error; what would have come after it was not tried."""
    begin, size = 0, first
    while begin < len(acts):
        await at_once(acts[begin : begin + size])
        begin, size = begin + size, size * 2
