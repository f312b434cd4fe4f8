"""Changes of one object wait for the one that is being stored."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.unit.kube.apiserver.conftest import ACCOUNTS, SPACES, Place
from wherry.kube.apiserver.assembly import ApiServer
from wherry.kube.apiserver.options import Options
from wherry.kube.apiserver.underway import Underway
from wherry.kube.pki.model import SigningKey
from wherry.store.memory import MemoryStore
from wherry.store.model import Compare, Operation


class SlowStore(MemoryStore):
    """Commits when told to; ``asked`` counts those that somebody wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()
        self.asked = 0

    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        self.asked += 1
        await self.open.wait()
        return await super().commit(compares, operations)


@pytest.fixture
async def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
async def slow(key: SigningKey, store: SlowStore) -> AsyncIterator[Place]:
    server = ApiServer(store, Options((key,)))
    await server.start()
    client = server.client()
    await client.create(SPACES, {"metadata": {"name": "default"}})
    await client.create(ACCOUNTS, {"metadata": {"name": "default"}}, "default")
    yield Place(server, client)
    await server.stop()


async def _turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_each_change_is_made_once_however_many_come_at_one_moment(slow: Place, store: SlowStore) -> None:
    await slow.config("a")
    store.asked = 0
    store.open.clear()
    changes = [asyncio.create_task(slow.merge("a", {"data": {f"k{number}": "v"}})) for number in range(20)]
    await _turns()
    assert store.asked == 1
    store.open.set()
    await asyncio.gather(*changes)
    assert len((await slow.merge("a", {}))["data"]) == 20
    assert store.asked == 20


async def test_changes_of_other_objects_do_not_wait(slow: Place, store: SlowStore) -> None:
    await slow.config("a")
    await slow.config("b")
    store.asked = 0
    store.open.clear()
    changes = [asyncio.create_task(slow.merge(name, {"data": {"x": "y"}})) for name in ("a", "b")]
    await _turns()
    assert store.asked == 2
    store.open.set()
    await asyncio.gather(*changes)


async def test_who_gave_up_waiting_does_not_hold_up_the_others(slow: Place, store: SlowStore) -> None:
    await slow.config("a")
    store.open.clear()
    first, second, third = (asyncio.create_task(slow.merge("a", {"data": {name: "v"}})) for name in "xyz")
    await _turns()
    second.cancel()
    await _turns()
    store.open.set()
    await asyncio.gather(first, third)
    assert set((await slow.merge("a", {}))["data"]) == {"x", "z"}


async def test_a_change_that_cannot_be_stored_lets_the_next_one_begin(slow: Place, store: SlowStore) -> None:
    await slow.config("a")
    store.open.clear()
    first, second = (asyncio.create_task(slow.merge("a", {"data": {name: "v"}})) for name in "xy")
    await _turns()
    first.cancel()
    await _turns()
    assert not second.done()
    store.open.set()
    assert (await second)["data"] == {"y": "v"}


def test_only_who_came_first_says_when_it_is_over() -> None:
    """Another change may have begun before: it is stored, or refused, all the same."""
    underway = Underway()
    assert underway.begin("a")
    assert not underway.begin("a")
    underway.end("a")
    assert underway.begin("a")
