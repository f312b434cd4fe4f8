"""What the tests of all stores share."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wherry.store.model import Event, Put, Store, Watch

PATIENCE_SECONDS = 60.0


async def wait_until(predicate: Callable[[], bool]) -> None:
    """Look again and again; the test fails when it does not come."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if predicate():
                return
            await asyncio.sleep(0.005)


@dataclass
class Seen:
    """What one watch was given: ``calls`` as the sink was called."""

    calls: list[Sequence[Event]] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    watch: Watch | None = None

    @property
    def events(self) -> list[Event]:
        return [event for call in self.calls for event in call]

    @property
    def keys(self) -> list[str]:
        return [event.key for event in self.events]


async def watching(store: Store, prefix: str, after: int) -> Seen:
    seen = Seen()
    seen.watch = await store.watch(prefix, after, seen.calls.append, seen.errors.append)
    return seen


async def arrived(store: Store, seen: Seen, count: int) -> None:
    """Of a local store they have been given by now; of others they come."""
    if not store.is_local:
        await wait_until(lambda: len(seen.events) >= count)
    assert len(seen.events) == count


async def put(store: Store, key: str, value: bytes = b"value", lease: int = 0) -> int:
    return await store.commit([], [Put(key, value, lease)])
