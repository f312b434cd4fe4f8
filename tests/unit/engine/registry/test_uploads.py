"""Uploads: in one piece, in many, over restarts, and wrong ones."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.descriptors import open_descriptors
from tests.unit.engine.registry.conftest import Depot, chunk
from wherry.engine.registry import uploads as uploads_module
from wherry.engine.registry.model import Code, OutOfOrder, Refused
from wherry.engine.registry.uploads import Chunk
from wherry.kit.errors import Unavailable
from wherry.oci.digest import Digest

HELLO = Digest.of(b"hello")


def leftovers(depot: Depot) -> list[str]:
    return os.listdir(depot.root / "content/ingest")


async def test_a_blob_comes_in_pieces(depot: Depot) -> None:
    uploads = depot.registry.uploads
    upload = uploads.begin("a")
    assert uploads.offset("a", upload) == 0
    assert await uploads.append("a", upload, chunk(b"he", b"l")) == 3
    assert uploads.offset("a", upload) == 3
    await uploads.finish("a", upload, HELLO, chunk(b"lo", start=3))
    assert depot.registry.blobs.size("a", HELLO) == 5
    assert leftovers(depot) == []
    with pytest.raises(Refused) as refusal:
        uploads.offset("a", upload)
    assert refusal.value.code is Code.BLOB_UPLOAD_UNKNOWN


async def test_an_upload_is_its_repository_s_own(depot: Depot) -> None:
    upload = depot.registry.uploads.begin("a")
    for attempt in (
        depot.registry.uploads.append("b", upload, chunk(b"x")),
        depot.registry.uploads.finish("b", upload, HELLO, chunk(b"hello")),
        depot.registry.uploads.append("a", "../" + upload, chunk(b"x")),
    ):
        with pytest.raises(Refused) as refusal:
            await attempt
        assert refusal.value.code is Code.BLOB_UPLOAD_UNKNOWN


async def test_an_upload_goes_on_after_a_restart(depot: Depot) -> None:
    upload = depot.registry.uploads.begin("a")
    await depot.registry.uploads.append("a", upload, chunk(b"hel"))
    depot = depot.again()
    assert depot.registry.uploads.offset("a", upload) == 3
    await depot.registry.uploads.append("a", upload, chunk(b"l"))
    depot = depot.again()
    await depot.registry.uploads.finish("a", upload, HELLO, chunk(b"o"))
    assert depot.registry.blobs.size("a", HELLO) == 5


async def test_what_came_before_a_lost_connection_stays(depot: Depot) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"hel"
        raise ConnectionResetError

    upload = depot.registry.uploads.begin("a")
    with pytest.raises(ConnectionResetError):
        await depot.registry.uploads.append("a", upload, Chunk(broken()))
    assert depot.registry.uploads.offset("a", upload) == 3
    await depot.registry.uploads.finish("a", upload, HELLO, chunk(b"lo"))


async def test_a_chunk_that_begins_elsewhere_is_told_where_to_begin(depot: Depot) -> None:
    upload = depot.registry.uploads.begin("a")
    await depot.registry.uploads.append("a", upload, chunk(b"hel", start=0))
    for start in (0, 2, 4):
        with pytest.raises(OutOfOrder) as refusal:
            await depot.registry.uploads.append("a", upload, chunk(b"lo", start=start))
        assert refusal.value.offset == 3
    assert depot.registry.uploads.offset("a", upload) == 3


async def test_a_chunk_that_is_not_as_long_as_announced_is_refused(depot: Depot) -> None:
    upload = depot.registry.uploads.begin("a")
    with pytest.raises(Refused) as refusal:
        await depot.registry.uploads.append("a", upload, chunk(b"hel", length=4))
    assert refusal.value.code is Code.SIZE_INVALID


@pytest.mark.parametrize("digest", [Digest.of(b"other"), Digest.of(b"other", "sha512")])
async def test_other_bytes_than_the_digest_s_are_refused_and_dropped(depot: Depot, digest: Digest) -> None:
    upload = depot.registry.uploads.begin("a")
    with pytest.raises(Refused) as refusal:
        await depot.registry.uploads.finish("a", upload, digest, chunk(b"hello"))
    assert refusal.value.code is Code.DIGEST_INVALID
    assert depot.blobs() == set()
    assert leftovers(depot) == []
    assert depot.rows.count_uploads() == 0


async def test_an_upload_has_one_writer_at_a_time(depot: Depot) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"hel"
        begun.set()
        await go_on.wait()
        yield b"lo"

    uploads = depot.registry.uploads
    upload = uploads.begin("a")
    first = asyncio.ensure_future(uploads.append("a", upload, Chunk(slow())))
    await begun.wait()
    assert uploads.is_busy(upload)
    assert uploads.is_receiving("a")
    with pytest.raises(Refused, match="another request"):
        await uploads.append("a", upload, chunk(b"x"))
    with pytest.raises(Refused, match="another request"):
        uploads.cancel("a", upload)
    go_on.set()
    assert await first == 5
    assert not uploads.is_receiving("a")


async def test_a_cancelled_request_leaves_the_upload_usable(depot: Depot) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"hel"
        begun.set()
        await asyncio.Event().wait()

    upload = depot.registry.uploads.begin("a")
    request = asyncio.ensure_future(depot.registry.uploads.append("a", upload, Chunk(endless())))
    await begun.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert depot.registry.uploads.offset("a", upload) == 3
    await depot.registry.uploads.finish("a", upload, HELLO, chunk(b"lo"))


async def test_a_cancelled_upload_leaves_nothing(depot: Depot) -> None:
    for data in ((), (b"hel",)):
        upload = depot.registry.uploads.begin("a")
        await depot.registry.uploads.append("a", upload, chunk(*data))
        depot.registry.uploads.cancel("a", upload)
        assert leftovers(depot) == []
        assert depot.rows.uploads() == []


async def test_a_full_disk_ends_the_upload_and_leaves_nothing(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    upload = depot.registry.uploads.begin("a")
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Unavailable, match="no space left"):
        await depot.registry.uploads.append("a", upload, chunk(b"hello"))
    monkeypatch.undo()
    assert leftovers(depot) == []
    assert depot.rows.count_uploads() == 0
    await depot.push_blob("a", b"hello")


async def test_many_uploads_in_turn_keep_few_files_open(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "OPEN_LIMIT", 2)
    uploads = depot.registry.uploads
    begun = [uploads.begin("a") for _ in range(6)]
    before = open_descriptors()
    for half in (b"hel", b"lo"):
        for upload in begun:
            await uploads.append("a", upload, chunk(half))
    assert open_descriptors() <= before + 2
    for upload in begun:
        await uploads.finish("a", upload, HELLO, chunk())


def test_there_is_an_end_to_uploads(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "UPLOADS_LIMIT", 2)
    depot.registry.uploads.begin("a")
    depot.registry.uploads.begin("b")
    with pytest.raises(Refused) as refusal:
        depot.registry.uploads.begin("c")
    assert refusal.value.code is Code.TOOMANYREQUESTS


async def test_at_start_bytes_without_a_row_go_and_other_ingests_stay(depot: Depot) -> None:
    upload = depot.registry.uploads.begin("a")
    await depot.registry.uploads.append("a", upload, chunk(b"hel"))
    depot.rows.end_upload(upload)
    pulled = depot.content.writer("a pull's")
    pulled.write(b"x")
    pulled.close()
    later = depot.again()
    assert later.content.ingests() == {"a pull's": 1}


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 3_000_000), max_size=4).map(sorted))
def test_any_cuts_give_the_same_blob(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]) -> None:
    data = bytes(range(256)) * 12_000
    edges = [0, *(min(cut, len(data)) for cut in cuts), len(data)]

    async def scenario() -> None:
        depot = Depot.at(tmp_path_factory.mktemp("depot"))
        upload = depot.registry.uploads.begin("a")
        for begin, end in pairwise(edges):
            pieces = [data[at : min(at + 262_144, end)] for at in range(begin, end, 262_144)]
            assert await depot.registry.uploads.append("a", upload, chunk(*pieces, start=begin)) == end
        await depot.registry.uploads.finish("a", upload, Digest.of(data), chunk())
        assert depot.registry.blobs.size("a", Digest.of(data)) == len(data)

    asyncio.run(scenario())
