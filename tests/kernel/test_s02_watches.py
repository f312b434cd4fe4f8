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

from tests.suites.etcdserver import needs_etcd, running
from tests.suites.storework import GROUPS, Client
from wherry.kit.errors import Unavailable
from wherry.store.checker import check
from wherry.store.etcd import open_store as open_etcd
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
            except Unavailable:  # it comes back
                await asyncio.sleep(0.05)
                continue
            while self.watch.failed is None and not self.leaves():
                await asyncio.sleep(0.002)
                self.work()
            self.watch.close()
            while self.waiting:
                await asyncio.sleep(0.002)
                self.work()
            if self.kind == "slow":
                await self.sleep(recorder)

    async def sleep(self, recorder: Recorder) -> None:
        """Until what comes next for it is forgotten."""
        while True:
            with suppress(Unavailable):
                if await recorder.store.compacted() > self.after:
                    return
            await asyncio.sleep(0.01)

    def take(self, events: Sequence[Event]) -> None:
        self.waiting.extend(events)

    def leaves(self) -> bool:
        if self.kind == "slow":
            return len(self.waiting) > TOO_MUCH or random.random() < 0.01
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
        while not await has_reached(recorder, until):
            await client.step()
            await asyncio.sleep(0.002)

    await asyncio.gather(*(go_on(client) for client in clients))


async def has_reached(recorder: Recorder, revision: int) -> bool:
    with suppress(Unavailable):
        return await recorder.store.revision() >= revision
    return False


async def forget(recorder: Recorder, audit: Replica) -> None:
    """Close behind the newest: slow ones must find that out. The watch of everything must not."""
    while True:
        await asyncio.sleep(0.1)
        with suppress(Unavailable):
            await recorder.store.compact(max(audit.after - 50, 1))


def the_replicas(count: int) -> list[Replica]:
    """The first one sees everything."""
    kinds = ["steady", "restless", "slow"]
    others = [Replica(["", *GROUPS][number % 4], kinds[number % 3]) for number in range(1, count)]
    return [Replica("", "steady"), *others]


class Watching:
    """All replicas at work, and somebody who compacts, until the end of the block."""

    def __init__(self, recorder: Recorder, replicas: list[Replica]) -> None:
        self._recorder = recorder
        self._replicas = replicas

    async def __aenter__(self) -> None:
        self._tasks = [asyncio.create_task(replica.run(self._recorder)) for replica in self._replicas]
        self._tasks.append(asyncio.create_task(forget(self._recorder, self._replicas[0])))

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for replica in self._replicas:  # what was given counts
            while replica.waiting:
                replica.work()


async def judge(recorder: Recorder, replicas: list[Replica], entries: list[Entry], first: int) -> None:
    for replica in replicas:
        if replica.after < await recorder.store.compacted():
            await replica.relist(recorder)
        await replica.finish(recorder, await recorder.store.revision())
    history = told(entries)
    history.first = first
    assert check(history) == []
    assert len(history.watches) > 2 * len(replicas)


@pytest.mark.timeout(600 + EVENTS // 50)
async def test_s02_every_watcher_is_given_every_event_once_and_in_order(tmp_path: Path) -> None:
    entries: list[Entry] = []
    replicas = the_replicas(WATCHERS)
    for session in range(1, RESTARTS + 2):
        store = open_store(tmp_path / "state")
        recorder = Recorder(store, entries.append, time.monotonic, f"{session}")
        async with Watching(recorder, replicas):
            await write(recorder, f"{session}", EVENTS * session // (RESTARTS + 1))
            if session <= RESTARTS:
                await store.aclose()
    await judge(recorder, replicas, entries, 1)
    assert sum(replica.relisted for replica in replicas) > 0, "nobody was slow enough to see a compaction"
    await store.aclose()


@needs_etcd
@pytest.mark.timeout(600 + EVENTS // 50)
async def test_s02_of_an_etcd_that_is_killed_every_watcher_is_given_every_event(tmp_path: Path) -> None:
    entries: list[Entry] = []
    replicas = the_replicas(WATCHERS // 4)
    with running(tmp_path) as server:
        store = await open_etcd(server.address())
        first = await store.revision()
        for replica in replicas:
            replica.after = first
        recorder = Recorder(store, entries.append, time.monotonic, "etcd")
        async with Watching(recorder, replicas):
            for kill in range(1, 4):
                await write(recorder, f"{kill}", first + EVENTS * kill // 16)
                server.kill()
                await asyncio.to_thread(server.start)
            await write(recorder, "last", first + EVENTS * 4 // 16)
        await judge(recorder, replicas, entries, first)
        await store.aclose()
