"""All objects in memory, kept by a watch of a real store."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from wherry.kit.errors import Unavailable
from wherry.kube.apiserver import cache
from wherry.kube.apiserver.cache import Change
from wherry.kube.apiserver.caches import Caches
from wherry.kube.apiserver.entries import Entry, Recent
from wherry.kube.apiserver.stored import key_of, value_of
from wherry.kube.machinery.bare import bare_metadata
from wherry.kube.machinery.model import GroupResource, Object
from wherry.store.memory import MemoryStore
from wherry.store.model import Compacted, Compare, Delete, Page, Put, Sink
from wherry.store.watches import LocalWatch

PODS = GroupResource("", "pods")
MAPS = GroupResource("", "configmaps")


def pod(name: str, namespace: str = "default", **labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": labels}}


class Place:
    """A store and the caches of it."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.caches = Caches(self.store, lambda resource: None)
        self.pods = self.caches.of(PODS)

    async def put(self, obj: Object) -> int:
        metadata = obj["metadata"]
        key = key_of(PODS, metadata["namespace"], metadata["name"])
        return await self.store.commit([], [Put(key, value_of(obj))])

    async def remove(self, name: str, namespace: str = "default") -> int:
        return await self.store.commit([], [Delete(key_of(PODS, namespace, name))])

    def names(self, namespace: str | None = None, after: str = "") -> list[str]:
        return [f"{entry.namespace}/{entry.name}" for entry in self.pods.entries(namespace, after)]


class Recorder:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.calls = 0
        self.error: Exception | None = None

    def offer(self, changes: Sequence[Change]) -> None:
        self.calls += 1
        self.changes += changes

    def end(self, error: Exception) -> None:
        self.error = error


@pytest.fixture
async def place() -> Place:
    found = Place()
    await found.put(pod("b"))
    await found.put(pod("a", "other"))
    await found.caches.start()
    return found


async def test_what_was_there_is_loaded_in_the_order_of_keys(place: Place) -> None:
    await place.put(pod("a"))
    assert place.names() == ["default/a", "default/b", "other/a"]
    assert place.names("default") == ["default/a", "default/b"]
    assert place.names(after="default/a") == ["default/b", "other/a"]
    assert place.names("defaul") == []


async def test_the_order_of_keys_is_that_of_many_and_of_few_new_ones(place: Place) -> None:
    names = [f"{number * 7919 % 100:02}" for number in range(100)]
    for name in names[:60]:
        await place.put(pod(name))
    assert place.names("default") == sorted([f"default/{name}" for name in names[:60]] + ["default/b"])
    for name in names[60:70]:
        await place.put(pod(name))
    await place.remove(names[65])
    await place.remove("b")
    kept = [name for name in names[:70] if name != names[65]]
    assert place.names() == [*sorted(f"default/{name}" for name in kept), "other/a"]
    assert place.pods.count("default") == len(kept)


async def test_a_commit_that_returned_is_in_memory(place: Place) -> None:
    revision = await place.put(pod("c", x="y"))
    entry = place.pods.entry("c", "default")
    assert entry is not None
    assert (entry.revision, entry.labels, place.caches.revision, place.pods.revision) == (
        revision, {"x": "y"}, revision, revision,
    )  # fmt: skip
    assert entry.object["metadata"]["resourceVersion"] == str(revision)


async def test_a_change_tells_what_was_and_what_is(place: Place) -> None:
    watcher = Recorder()
    place.pods.add_watcher(watcher)
    await place.put(pod("b", x="1"))
    gone = await place.remove("b")
    await place.remove("b")
    first, second = watcher.changes
    assert first.new is not None and first.old is not None
    assert (first.old.labels, first.new.labels) == ({}, {"x": "1"})
    assert second.new is None
    assert second.gone.object["metadata"]["resourceVersion"] == str(gone)
    assert place.names() == ["other/a"]


async def test_what_comes_together_is_told_together_to_each_its_own_in_order(place: Place) -> None:
    pods, maps = Recorder(), Recorder()
    place.pods.add_watcher(pods)
    place.caches.of(MAPS).add_watcher(maps)
    puts = [(PODS, "c"), (MAPS, "m"), (PODS, "d"), (PODS, "b"), (MAPS, "n")]
    written = [Put(key_of(of, "default", name), value_of(pod(name))) for of, name in puts]
    revision = await place.store.commit([], [*written, Delete(key_of(PODS, "other", "a"))])
    told = [(change.new or change.gone).name for change in pods.changes]
    assert (told, pods.calls) == (["c", "d", "b", "a"], 1)
    assert [change.old is None for change in pods.changes] == [True, True, False, False]
    assert ([change.new.name for change in maps.changes if change.new], maps.calls) == (["m", "n"], 1)
    assert place.names() == ["default/b", "default/c", "default/d"]
    assert place.pods.revision == place.caches.of(MAPS).revision == place.caches.revision == revision
    assert place.pods.since(revision - 1) == pods.changes


async def test_changes_are_kept_for_a_while(place: Place) -> None:
    start = place.caches.revision
    await place.put(pod("c"))
    await place.put(pod("d"))
    found = place.pods.since(start)
    assert found is not None
    assert [change.new.name for change in found if change.new] == ["c", "d"]
    assert place.pods.since(start - 1) is None, "what was before the start is the store's to tell"


async def test_who_waits_for_a_revision_is_woken(place: Place) -> None:
    assert await place.caches.reached(place.caches.revision)
    await place.put(pod("c"))
    assert await place.caches.reached(place.caches.revision)


async def test_who_waits_for_what_never_comes_is_forgotten(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wherry.kube.apiserver.caches.PATIENCE_SECONDS", 0.01)
    waiting = [asyncio.create_task(place.caches.reached(1_000_000)) for _ in range(3)]
    await asyncio.sleep(0)
    assert len(place.caches._waiting) == 3
    waiting.pop().cancel()
    assert await asyncio.gather(*waiting) == [False, False]
    assert not place.caches._waiting


async def test_a_resource_nobody_serves_is_kept_all_the_same(place: Place) -> None:
    key = "/example.com/widgets/default/w"
    await place.store.commit([Compare(key, 0)], [Put(key, value_of(pod("w")))])
    assert [entry.name for entry in place.caches.of(GroupResource("example.com", "widgets")).entries()] == ["w"]


async def test_an_object_is_decoded_once_and_a_copy_is_one_s_own(place: Place) -> None:
    entry = place.pods.entry("b", "default")
    assert entry is not None
    assert entry.object is entry.object
    entry.copy()["metadata"]["name"] = "x"
    assert entry.object["metadata"]["name"] == "b"


async def test_who_keeps_many_gets_them_without_managed_fields(place: Place) -> None:
    obj = pod("m", app="web")
    obj["metadata"]["managedFields"] = [{"manager": "m", "operation": "Update"}]
    await place.put(obj)
    entry = place.pods.entry("m", "default")
    assert entry is not None
    assert "managedFields" in entry.object["metadata"] and "managedFields" not in entry.lean["metadata"]
    assert entry.lean is entry.lean and entry.lean["metadata"]["labels"] == {"app": "web"}


async def test_who_wants_a_bare_view_has_nothing_else_decoded(place: Place) -> None:
    for namespace in ("", "default"):
        obj = pod("m", namespace, app="web")
        obj["metadata"] |= {"uid": "u", "finalizers": ["f"]}
        await place.put(obj)
        entry = place.pods.entry("m", namespace)
        assert entry is not None
        assert entry.bare == bare_metadata(entry.copy()) and entry.bare is not entry.bare
        assert entry.bare["metadata"]["name"] is entry.name
        assert entry._object is None and entry._lean is None


async def test_who_keeps_nothing_is_shown_what_is_decoded_already(place: Place) -> None:
    entry = place.pods.entry("b", "default")
    assert entry is not None
    assert entry.at_hand == entry.bare and entry.at_hand is not entry.at_hand
    assert entry.lean is entry.at_hand


async def test_of_few_that_are_kept_decoded_each_is_there_when_it_is_asked_for() -> None:
    recent = Recent(1)
    entries = [Entry(value_of(pod(name)), 1, "default", name, None, recent) for name in "ab"]
    for entry in entries * 2:
        assert (entry.object["metadata"]["name"], entry.lean["metadata"]["name"]) == (entry.name, entry.name)
        assert entry.object is entry.object


async def test_changes_are_kept_as_long_as_there_is_room(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large objects do not fill the memory by being changed often."""
    monkeypatch.setattr(cache, "KEPT_BYTES", 10_000)
    begun = place.pods.revision
    for number in range(100):
        await place.put(pod("b", note="x" * 1000, number=str(number)))
    kept = [change for revision in range(begun, place.pods.revision) if (change := place.pods.since(revision))]
    assert 5 <= len(kept) <= 9  # of more than 1,000 bytes each
    assert place.pods.since(begun) is None
    await place.put(pod("b", note="x" * 50_000))
    assert len(place.pods.since(place.pods.revision - 1) or ()) == 1
    await place.remove("b")
    last = place.pods.since(place.pods.revision - 1)
    assert last is not None and last[0].new is None


async def test_only_the_latest_keep_what_was_made_of_them(place: Place) -> None:
    recorder = Recorder()
    place.pods.add_watcher(recorder)
    for number in range(cache.RENDERED_CHANGES + 10):
        await place.put(pod("b", number=str(number)))
        recorder.changes[-1].rendered["a"] = b"line"
    assert [bool(change.rendered) for change in recorder.changes] == [False] * 10 + [True] * cache.RENDERED_CHANGES


class FarStore(MemoryStore):
    """As one that others use too: its watches may be lost, and cannot be had again before ``answers`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.answers.set()
        self.failures: list[Exception] = []
        self.asked = asyncio.Event()

    @property
    def is_local(self) -> bool:
        return False

    def lose_watches(self, *failures: Exception) -> None:
        """What is asked for next fails so."""
        self.answers.clear()
        self.asked.clear()
        self.failures += failures
        self._watches.fail(Unavailable("the connection is lost"))

    async def watch(self, prefix: str, after: int, sink: Sink, failed: Callable[[BaseException], None]) -> LocalWatch:
        self.asked.set()
        if self.failures:
            raise self.failures.pop(0)
        await self.answers.wait()
        return await super().watch(prefix, after, sink, failed)

    async def range(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        if self.failures:
            raise self.failures.pop(0)
        return await super().range(prefix, after=after, limit=limit, revision=revision)


class FarPlace(Place):
    def __init__(self) -> None:
        self.store: FarStore = FarStore()
        self.caches = Caches(self.store, lambda resource: None)
        self.pods = self.caches.of(PODS)


@pytest.fixture
async def far(monkeypatch: pytest.MonkeyPatch) -> FarPlace:
    monkeypatch.setattr("wherry.kube.apiserver.caches._AGAIN_SECONDS", 0.001)
    monkeypatch.setattr("wherry.kube.apiserver.caches._SOON_SECONDS", 0.001)
    found = FarPlace()
    await found.put(pod("a"))
    await found.caches.start()
    return found


async def test_nothing_is_current_while_the_store_is_not_watched(far: FarPlace) -> None:
    """Of a store that says of all watches that they are given all, ours may be none."""
    recorder = Recorder()
    far.pods.add_watcher(recorder)
    far.store.lose_watches()
    before = far.caches.revision
    newest = await far.put(pod("b"))
    asked = asyncio.create_task(far.caches.current())
    await far.store.asked.wait()
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert not asked.done() and far.caches.revision == before, "a bookmark, or a later watch, would leave it out"
    far.store.answers.set()
    await asked
    assert (far.names(), far.caches.revision) == (["default/a", "default/b"], newest)
    assert [change.new.name for change in recorder.changes if change.new] == ["b"]


async def test_what_is_forgotten_meanwhile_is_read_anew_however_often_that_fails(far: FarPlace) -> None:
    recorder = Recorder()
    far.pods.add_watcher(recorder)
    far.store.lose_watches(Compacted(3), Unavailable("not now"), Unavailable("nor now"), Compacted(3))
    far.store.answers.set()
    await far.put(pod("b"))
    await far.caches.current()
    assert far.names() == ["default/a", "default/b"]
    assert recorder.error is not None, "it must list again"
    await far.put(pod("c"))
    await far.caches.current()
    assert far.names() == ["default/a", "default/b", "default/c"]


async def test_a_resource_that_is_served_no_longer_is_dropped_if_nothing_is_in_it() -> None:
    place = Place()
    await place.caches.start()
    await place.put(pod("a"))
    place.caches.drop(PODS)
    assert place.caches.of(PODS) is place.pods
    await place.remove("a")
    recorder = Recorder()
    place.pods.add_watcher(recorder)
    place.caches.drop(PODS)
    assert place.caches.of(PODS) is place.pods
    place.pods.remove_watcher(recorder)
    place.caches.drop(PODS)
    again = place.caches.of(PODS)
    assert again is not place.pods
    revision = await place.put(pod("b"))
    assert [entry.name for entry in again.entries()] == ["b"] and again.since(revision - 1) is not None
    assert again.since(revision - 3) is None  # that is the store's to tell


async def test_what_was_there_before_a_change_is_kept_decoded_no_longer() -> None:
    place = Place()
    await place.caches.start()
    await place.put(pod("a"))
    for change in (place.put(pod("a", number="2")), place.remove("a")):
        old = place.pods.entry("a", "default")
        assert old is not None and old.object and old.lean
        await change
        assert old._object is None and old._lean is None
        assert old.object["metadata"]["name"] == "a"  # who asks all the same has it


async def test_what_is_kept_of_the_deleted_counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they were, and what is told of them, which has another resource version."""
    monkeypatch.setattr(cache, "KEPT_BYTES", 10_000)
    place = Place()
    await place.caches.start()
    for number in range(30):
        await place.put(pod(f"p{number}", note="x" * 1000))
    for number in range(30):
        await place.remove(f"p{number}")
    kept = place.pods.since(place.caches.revision - 3)
    assert kept is not None and all(change.new is None for change in kept)
    assert sum(len(change.gone.raw) + len(change.old.raw) for change in place.pods._changes if change.old) <= 10_000
