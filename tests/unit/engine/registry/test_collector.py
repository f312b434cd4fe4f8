"""What the collector takes, and what it leaves for a push under way."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.unit.engine.registry.conftest import Depot, chunk, descriptor, index_of, manifest_of
from wherry.engine.registry.collector import ABANDONED_SECONDS, GRACE_SECONDS
from wherry.engine.registry.model import Collected, Refused
from wherry.engine.registry.uploads import Chunk
from wherry.oci import mediatypes
from wherry.oci.digest import Digest


async def test_blobs_that_no_manifest_needs_go_after_the_grace(depot: Depot) -> None:
    await depot.push_image("a", "1", b"kept")
    await depot.push_blob("a", b"lost")
    before = depot.blobs()
    depot.clock.seconds += GRACE_SECONDS - 1
    assert await depot.registry.collector.collect() == Collected()
    assert depot.blobs() == before
    depot.clock.seconds += 1
    assert await depot.registry.collector.collect() == Collected(blobs=1)
    assert depot.blobs() == before - {str(Digest.of(b"lost"))}
    assert await depot.registry.collector.collect() == Collected()


async def test_a_blob_is_needed_by_manifests_of_its_own_repository_only(depot: Depot) -> None:
    await depot.push_image("a", "1", b"layer")
    await depot.push_blob("b", b"layer")
    assert await depot.registry.collector.collect(0) == Collected(blobs=1)
    assert depot.registry.blobs.size("a", Digest.of(b"layer")) == 5
    with pytest.raises(Refused):
        depot.registry.blobs.size("b", Digest.of(b"layer"))


async def test_what_a_client_was_told_is_there_stays_for_its_manifest(depot: Depot) -> None:
    await depot.push_blob("a", b"layer")
    depot.clock.seconds += GRACE_SECONDS
    depot.registry.blobs.size("a", Digest.of(b"layer"))  # HEAD: it will not be sent again
    assert await depot.registry.collector.collect() == Collected()


async def test_nothing_goes_under_an_upload_in_progress(depot: Depot) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        begun.set()
        await go_on.wait()
        yield b"}"

    uploads = depot.registry.uploads
    await depot.push_blob("a", b"layer")
    upload = uploads.begin("a")
    request = asyncio.ensure_future(uploads.append("a", upload, Chunk(slow())))
    await begun.wait()
    depot.clock.seconds += 10 * GRACE_SECONDS  # it is a long one
    assert await depot.registry.collector.collect(0) == Collected()
    go_on.set()
    await request
    assert await depot.registry.collector.collect() == Collected()  # it was used just now
    await uploads.finish("a", upload, Digest.of(b"{}"), chunk())
    await depot.registry.manifests.put("a", "1", manifest_of(b"layer"), None)
    depot.clock.seconds += 10 * GRACE_SECONDS
    assert await depot.registry.collector.collect(0) == Collected()


async def test_abandoned_uploads_go(depot: Depot) -> None:
    upload = depot.registry.uploads.begin("a")
    await depot.registry.uploads.append("a", upload, chunk(b"half"))
    depot.clock.seconds += ABANDONED_SECONDS
    other = depot.registry.uploads.begin("a")
    depot.clock.seconds += 1
    assert await depot.registry.collector.collect() == Collected(uploads=1)
    assert depot.rows.uploads() == [other]
    assert depot.content.ingests() == {}


async def test_manifests_without_a_tag_go_only_when_asked_for(depot: Depot) -> None:
    first = await depot.push_image("a", "1", b"one")
    second = await depot.push_image("a", "1", b"two")
    depot.clock.seconds += GRACE_SECONDS
    assert await depot.registry.collector.collect() == Collected()
    assert await depot.registry.collector.collect(untagged=True) == Collected(manifests=1, blobs=1)
    assert str(first) not in depot.blobs()
    assert depot.registry.manifests.find("a", "1").digest == str(second)
    assert depot.blobs() == {str(Digest.of(one)) for one in (b"{}", b"two", manifest_of(b"two"))}


async def test_an_index_keeps_its_manifests_and_a_subject_its_referrers(depot: Depot) -> None:
    child = await depot.push_image("a", None, b"one")
    index = index_of(manifest_of(b"one"))
    await depot.registry.manifests.put("a", "all", index, None)
    signature = await depot.push_image("a", None, b"s", subject=descriptor(index, mediatypes.OCI_INDEX))
    depot.clock.seconds += GRACE_SECONDS
    assert await depot.registry.collector.collect(untagged=True) == Collected()
    await depot.registry.manifests.delete("a", "all")
    assert await depot.registry.collector.collect(untagged=True) == Collected(manifests=3, blobs=3)
    assert depot.blobs() == set()
    for digest in (child, signature):
        with pytest.raises(Refused):
            depot.registry.manifests.find("a", digest)


async def test_pushes_while_it_runs_lose_nothing(depot: Depot) -> None:
    async def push(number: int) -> None:
        for attempt in range(6):
            repository, layer = f"r{attempt % 2}", f"{number % 3}".encode()
            for data in (b"{}", layer):
                try:
                    depot.registry.blobs.size(repository, Digest.of(data))
                except Refused:
                    await depot.push_blob(repository, data)
            await asyncio.sleep(0)
            await depot.registry.manifests.put(repository, f"{number}-{attempt}", manifest_of(layer), None)
            if attempt == 2:
                await depot.registry.manifests.delete(repository, f"{number}-{attempt}")

    async def collect() -> None:
        while True:
            await depot.registry.collector.collect(untagged=True)
            await asyncio.sleep(0)

    collecting = asyncio.ensure_future(collect())
    await asyncio.gather(*(push(number) for number in range(6)))
    collecting.cancel()
    for repository in ("r0", "r1"):
        for tag in depot.registry.manifests.tags(repository, "", 100):
            stored = depot.registry.manifests.find(repository, tag)
            assert depot.registry.manifests.read(stored)
        for layer in (b"0", b"1", b"2"):
            assert depot.registry.blobs.size(repository, Digest.of(layer)) == 1
