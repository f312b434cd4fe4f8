"""Watches: every change behind a revision, once, in order, to whom it concerns."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.kube.apiserver.conftest import MAPS, SPACES, Place
from wherry.kube.apiserver import cache as caching
from wherry.kube.apiserver.assembly import ApiServer
from wherry.kube.apiserver.options import Options
from wherry.kube.apiserver.selection import Selection
from wherry.kube.apiserver.watching import Subscription
from wherry.kube.client.model import Changed
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.model import SigningKey
from wherry.store.sqlite import open_store


async def take(changes: AsyncIterator[Changed], count: int) -> list[tuple[str, str]]:
    async with asyncio.timeout(60):
        found: list[tuple[str, str]] = []
        async for change in changes:
            if change.type != "BOOKMARK":
                found.append((change.type, change.object["metadata"]["name"]))
            if len(found) == count:
                break
        return found


async def test_without_a_revision_the_state_comes_first(place: Place) -> None:
    await place.config("a")
    async with place.client.watch(MAPS, "default") as changes:
        await place.config("b")
        assert await take(changes, 2) == [("ADDED", "a"), ("ADDED", "b")]


async def test_who_made_a_change_has_the_answer_before_those_who_watch(key: SigningKey, tmp_path: Path) -> None:
    order: list[str] = []
    store = open_store(tmp_path / "state.sqlite")
    server = ApiServer(store, Options((key,)))
    await server.start()
    client = server.client()
    await client.create(SPACES, {"metadata": {"name": "default"}})

    async def watch(changes: AsyncIterator[Changed]) -> None:
        await take(changes, 1)
        order.append("watch")

    async with client.watch(MAPS, "default", resource_version=str(server.caches.revision)) as changes:
        watching = asyncio.create_task(watch(changes))
        await asyncio.sleep(0)
        await client.create(MAPS, {"metadata": {"name": "a"}}, "default")
        order.append("answer")
        await watching
    await server.stop()
    await store.aclose()
    assert order == ["answer", "watch"]


async def test_a_watch_waits_as_long_as_it_is_told_whatever_it_was_told_before(place: Place) -> None:
    loop = asyncio.get_running_loop()
    subscription = Subscription(place.server.caches.of(MAPS.group_resource), Selection(None))
    try:
        for seconds in (0.0, 60.0, 0.05, 60.0, 0.01):
            begun = loop.time()
            if seconds == 60.0:
                waiting = asyncio.create_task(subscription.take(seconds))
                await asyncio.sleep(0)
                await place.config(f"a{begun}")
                assert [notice.type for notice in await waiting] == ["ADDED"]
            else:
                assert await subscription.take(seconds) == []
                assert loop.time() >= begun + seconds
    finally:
        subscription.close()


async def test_from_a_revision_on_nothing_is_told_twice_and_nothing_left_out(place: Place) -> None:
    first = await place.config("a")
    for number in range(5):
        await place.merge("a", {"data": {"n": str(number)}})
    revision = first["metadata"]["resourceVersion"]
    async with place.client.watch(MAPS, "default", resource_version=revision) as changes:
        await place.config("b")
        assert await take(changes, 6) == [*[("MODIFIED", "a")] * 5, ("ADDED", "b")]


async def test_what_is_no_longer_in_memory_comes_from_the_store(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "KEPT_CHANGES", 3)
    first = await place.config("a")
    for number in range(6):
        await place.merge("a", {"data": {"n": str(number)}})
    revision = first["metadata"]["resourceVersion"]
    async with place.client.watch(MAPS, "default", resource_version=revision) as changes:
        assert await take(changes, 6) == [("MODIFIED", "a")] * 6


async def test_a_past_that_is_forgotten_is_refused(place: Place) -> None:
    first = await place.config("a")
    await place.config("b")
    await place.server.store.compact(await place.server.store.revision())
    place.server.caches.of(MAPS.group_resource)._floor = await place.server.store.revision()
    with pytest.raises(StatusError, match="too old resource version") as caught:
        async with place.client.watch(MAPS, "default", resource_version=first["metadata"]["resourceVersion"]):
            pass
    assert (caught.value.code, caught.value.reason) == (410, "Expired")


async def test_a_future_is_refused_soon(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wherry.kube.apiserver.caches.PATIENCE_SECONDS", 0.01)
    with pytest.raises(StatusError, match="Too large resource version") as caught:
        async with place.client.watch(MAPS, "default", resource_version="999999"):
            pass
    assert caught.value.code == 504


async def test_what_begins_or_ceases_to_match_is_added_or_deleted(place: Place) -> None:
    await place.config("a")
    async with place.client.watch(MAPS, "default", labels="x=1") as changes:
        await place.merge("a", {"metadata": {"labels": {"x": "1"}}})
        await place.merge("a", {"metadata": {"labels": {"y": "1"}}})
        gone = await place.merge("a", {"metadata": {"labels": {"x": None}}})
        await place.merge("a", {"data": {"unseen": "1"}})
        async with asyncio.timeout(60):
            found = [change async for change in _some(changes, 3)]
    assert [change.type for change in found] == ["ADDED", "MODIFIED", "DELETED"]
    assert found[-1].object["metadata"]["resourceVersion"] == gone["metadata"]["resourceVersion"]


async def _some(changes: AsyncIterator[Changed], count: int) -> AsyncIterator[Changed]:
    async for change in changes:
        yield change
        count -= 1
        if not count:
            return


async def test_one_namespace_s_watch_sees_no_other_s(place: Place) -> None:
    async with place.client.watch(MAPS, "default", fields="metadata.name=b") as changes:
        await place.config("a")
        await place.config("b")
        assert await take(changes, 1) == [("ADDED", "b")]


@pytest.mark.parametrize(("namespace", "fields"), [("", ""), ("default", ""), ("", "metadata.name=b")])
async def test_whoever_is_concerned_is_told_from_the_beginning_to_the_end(
    place: Place, namespace: str, fields: str
) -> None:
    begun = str(place.server.caches.revision)
    async with place.client.watch(MAPS, namespace, fields=fields, resource_version=begun) as changes:
        await place.config("b")
        await place.merge("b", {"data": {"n": "1"}})
        await place.client.delete(MAPS, "b", "default")
        await place.config("b")
        async with asyncio.timeout(60):
            found = [change async for change in _some(changes, 4)]
    assert [change.type for change in found] == ["ADDED", "MODIFIED", "DELETED", "ADDED"]
    revisions = [int(change.object["metadata"]["resourceVersion"]) for change in found]
    assert revisions == sorted(set(revisions)), "a deleted object is shown as of its deletion"


async def test_who_reads_too_slowly_is_cut_off_and_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wherry.kube.apiserver.watching.MOST_PENDING", 3)
    async with place.client.watch(MAPS, "default") as changes:
        for number in range(5):
            await place.config(f"c{number}")
        with pytest.raises(StatusError, match="too slow"):
            await take(changes, 5)
