"""Clients of a store that do everything at once, for the checker to judge: see :mod:`wherry.store.history`."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from contextlib import suppress

from wherry.kit.errors import Unavailable
from wherry.store.history import Recorder
from wherry.store.model import Compacted, Compare, Delete, Event, Future, Item, Mismatch, Operation, Put

GROUPS = ("/pods/", "/leases/", "/secrets/")
KEYS = [f"{group}{number}" for group in GROUPS for number in range(5)]


class Client:
    """Writes, reads and lists, each value once. ``padding`` is appended to each."""

    def __init__(self, recorder: Recorder, name: str, chance: random.Random, padding: bytes = b"") -> None:
        self._recorder = recorder
        self._chance = chance
        self._padding = padding
        self._values = (b"%s.%d " % (name.encode(), number) for number in itertools.count())
        self._known: dict[str, Item | None] = {}
        self._revision = 0
        self.acknowledged = 0
        self.unknown = 0

    async def step(self) -> None:
        """One call, whatever comes of it."""
        work = {self._write: 8, self._swap: 6, self._delete: 3, self._get: 4, self._list: 2, self._past: 1}
        try:
            await self._chance.choices(list(work), list(work.values()))[0]()
        except Mismatch as error:
            self._known[error.key] = error.item
        except (Compacted, Future):
            self._revision = 0
        except Unavailable:
            self.unknown += 1

    async def _commit(self, compares: list[Compare], operations: Sequence[Operation]) -> None:
        revision = await self._recorder.commit(compares, operations)
        self.acknowledged += 1
        self._revision = revision

    def _some_keys(self) -> list[str]:
        return self._chance.sample(KEYS, self._chance.choice((1, 1, 1, 2, 4)))

    async def _write(self) -> None:
        await self._commit([], [self._put(key) for key in self._some_keys()])

    def _put(self, key: str) -> Put:
        return Put(key, next(self._values) + self._padding)

    async def _swap(self) -> None:
        """By what is believed to be there, several keys at once."""
        keys = self._some_keys()
        for key in keys:
            if key not in self._known:
                self._known[key] = await self._recorder.get(key)
        found = {key: self._known.pop(key) for key in keys}
        compares = [Compare(key, item.revision if item else 0) for key, item in found.items()]
        await self._commit(compares, [self._put(key) for key in keys])

    async def _delete(self) -> None:
        key = self._chance.choice(KEYS)
        put = [self._put(self._chance.choice([other for other in KEYS if other != key]))]
        await self._commit([], [Delete(key), *(put if self._chance.random() < 0.5 else [])])

    async def _get(self) -> None:
        key = self._chance.choice(KEYS)
        self._known[key] = await self._recorder.get(key)

    async def _list(self) -> None:
        page = await self._recorder.range(self._chance.choice(["", *GROUPS]), limit=self._chance.choice([0, 0, 3]))
        self._revision = page.revision

    async def _past(self) -> None:
        if self._revision:
            await self._recorder.range(self._chance.choice(GROUPS), after=KEYS[1], revision=self._revision)


class Watcher:
    """Watches one prefix, and comes back to where it was."""

    def __init__(self, recorder: Recorder, prefix: str, after: int) -> None:
        self._recorder = recorder
        self._prefix = prefix
        self.after = after
        self.number = ""

    async def open(self) -> None:
        self._watch, self.number = await self._recorder.watch(self._prefix, self.after, self._sink, lambda error: None)

    def _sink(self, events: Sequence[Event]) -> None:
        self.after = max(self.after, events[-1].revision)

    async def come_back(self) -> None:
        self._watch.close()
        await self.open()

    def close(self) -> None:
        self._watch.close()

    def complete(self, revision: int) -> None:
        self._recorder.complete(self.number, revision)


async def work(recorder: Recorder, name: str, seed: int, steps: int, clients: int = 6) -> None:
    """So many clients and some watchers, from the store's present to all of ``steps``; the watches are complete."""
    chance = random.Random(seed)
    start = await recorder.store.revision()
    audit = Watcher(recorder, "", start)
    watchers = [audit, *(Watcher(recorder, chance.choice(["", *GROUPS]), start) for _ in range(4))]
    for watcher in watchers:
        await watcher.open()

    async def write(number: int) -> None:
        client = Client(recorder, f"{name}-{number}", random.Random(f"{seed} {number}"))
        for _ in range(steps):
            await client.step()

    async def disturb() -> None:
        while True:
            await asyncio.sleep(0.001)
            with suppress(Compacted, Unavailable):
                await chance.choice(watchers[1:]).come_back()

    disturbing = asyncio.create_task(disturb())
    await asyncio.gather(*(write(number) for number in range(clients)))
    disturbing.cancel()
    await asyncio.gather(disturbing, return_exceptions=True)
    newest = await recorder.store.revision()
    async with asyncio.timeout(60):
        while not recorder.store.is_local and audit.after < newest:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for watcher in watchers:
        watcher.close()
    audit.complete(newest)
