"""S02: fifty watchers while the store is written to, restarted and compacted; each is given every event once, in order.

Some only listen, some come back again and again, some are slow: they leave when they have too much to do, and come back
when they are done; if what they missed was compacted meanwhile, they read the state and watch from there.
"""

import asyncio
import os
import random
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.suites.storework import GROUPS, Client
from wherry.kit.errors import Unavailable
from wherry.store.checker import check
from wherry.store.history import Entry, Recorder, told
from wherry.store.model import Compacted, Event, Watch
from wherry.store.sqlite import open_store

EVENTS = int(os.environ.get("WHERRY_WATCH_EVENTS", "4000"))
WATCHERS = 50
RESTARTS = 5
TOO_MUCH = 100


class Replica:
    """A watcher who keeps the state that the events make: ``items`` must be the store's."""

    def __init__(self, prefix: str, kind: str) -> None:
        self.prefix = prefix
        self.kind = kind
        self.items: dict[str, bytes] = {}
        self.after = 1
        self.number = ""
        self.waiting: deque[Event] = deque()
        self.watch: Watch | None = None
        self.relisted = 0

    async def run(self, recorder: Recorder) -> None:
        """For as long as this store is open."""
        while True:
            try:
                self.watch, self.number = await recorder.watch(self.prefix, self.after, self.take, lambda error: None)
            except Compacted:
                await self.relist(recorder)
                continue
            while self.watch.failed is None and not self.leaves():
                await asyncio.sleep(0.002)
                self.work()
            self.watch.close()
            while self.waiting:
                await asyncio.sleep(0.002)
                self.work()

    def take(self, events: Sequence[Event]) -> None:
        self.waiting.extend(events)

    def leaves(self) -> bool:
        if self.kind == "slow":
            return len(self.waiting) > TOO_MUCH
        return self.kind == "restless" and random.random() < 0.05

    def work(self) -> None:
        for _ in range(1 if self.kind == "slow" else len(self.waiting)):
            if not self.waiting:
                return
            self.done(self.waiting.popleft())
        # Commits are given whole: what is half done is done before anybody may come back from here.
        while self.waiting and self.waiting[0].revision == self.after:
            self.done(self.waiting.popleft())

    def done(self, event: Event) -> None:
        self.after = event.revision
        if event.value is None:
            del self.items[event.key]
        else:
            self.items[event.key] = event.value

    async def relist(self, recorder: Recorder) -> None:
        page = await recorder.range(self.prefix)
        self.items = {item.key: item.value for item in page.items}
        self.after = page.revision
        self.relisted += 1

    async def finish(self, recorder: Recorder, revision: int) -> None:
        """The rest, and what is known then to be all."""
        self.watch, self.number = await recorder.watch(self.prefix, self.after, self.take, lambda error: None)
        while self.waiting:
            self.work()
        recorder.complete(self.number, revision)
        assert self.items == {item.key: item.value for item in (await recorder.range(self.prefix)).items}


async def write(recorder: Recorder, name: str, until: int) -> None:
    """Until so many revisions have been."""
    clients = [Client(recorder, f"{name}-{number}", random.Random(f"{name} {number}")) for number in range(8)]

    async def go_on(client: Client) -> None:
        while await recorder.store.revision() < until:
            await client.step()
            await asyncio.sleep(0.002)

    await asyncio.gather(*(go_on(client) for client in clients))


async def forget(recorder: Recorder, audit: Replica) -> None:
    """Close behind the newest: slow ones must find that out. The watch of everything is never behind."""
    while True:
        await asyncio.sleep(0.1)
        with suppress(Unavailable):
            await recorder.store.compact(max(await recorder.store.revision() - 50, 1))


@pytest.mark.timeout(120 + EVENTS // 100)
async def test_s02_every_watcher_is_given_every_event_once_and_in_order(tmp_path: Path) -> None:
    entries: list[Entry] = []
    kinds = ["steady", "restless", "slow"]
    replicas = [Replica("", "steady")]
    replicas += [Replica(["", *GROUPS][number % 4], kinds[number % 3]) for number in range(1, WATCHERS)]
    for session in range(1, RESTARTS + 2):
        store = open_store(tmp_path / "state")
        recorder = Recorder(store, entries.append, time.monotonic, f"{session}")
        tasks = [asyncio.create_task(replica.run(recorder)) for replica in replicas]
        forgetting = asyncio.create_task(forget(recorder, replicas[0]))
        await write(recorder, f"{session}", EVENTS * session // (RESTARTS + 1))
        if session > RESTARTS:
            break
        await store.aclose()
        for task in (*tasks, forgetting):
            task.cancel()
        await asyncio.gather(*tasks, forgetting, return_exceptions=True)
        for replica in replicas:  # what was given before the end counts
            while replica.waiting:
                replica.work()
    for task in (*tasks, forgetting):
        task.cancel()
    await asyncio.gather(*tasks, forgetting, return_exceptions=True)
    for replica in replicas:
        while replica.waiting:
            replica.work()
        if replica.after < await store.compacted():
            await replica.relist(recorder)
        await replica.finish(recorder, await store.revision())
    await store.aclose()
    history = told(entries)
    assert check(history) == []
    assert sum(replica.relisted for replica in replicas) > 0, "nobody was slow enough to see a compaction"
    assert len(history.watches) > 2 * WATCHERS
