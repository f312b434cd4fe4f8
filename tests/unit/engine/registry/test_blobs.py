"""Blobs are in the repositories that were given them, and in no others."""

import os

import pytest

from tests.unit.engine.registry.conftest import Depot, chunk
from wherry.engine.registry.model import Code, Refused
from wherry.engine.registry.rows import TOUCH_SECONDS
from wherry.kit.errors import Unavailable
from wherry.oci.digest import Digest


def code_of(depot: Depot, repository: str, digest: Digest) -> Code:
    with pytest.raises(Refused) as refusal:
        depot.registry.blobs.size(repository, digest)
    return refusal.value.code


async def test_a_blob_is_in_the_repository_it_was_pushed_to_only(depot: Depot) -> None:
    digest = await depot.push_blob("a", b"hello")
    assert depot.registry.blobs.size("a", digest) == 5
    assert code_of(depot, "b", digest) is Code.BLOB_UNKNOWN
    fd, size = depot.registry.blobs.open("a", digest)
    assert (os.read(fd, 100), size) == (b"hello", 5)
    os.close(fd)


async def test_a_mount_needs_the_source_to_have_it(depot: Depot) -> None:
    digest = await depot.push_blob("a", b"hello")
    assert not depot.registry.blobs.mount("c", digest, "b")
    assert code_of(depot, "c", digest) is Code.BLOB_UNKNOWN
    assert depot.registry.blobs.mount("c", digest, "a")
    assert depot.registry.blobs.mount("c", digest, "a")
    assert depot.registry.blobs.size("c", digest) == 5


async def test_a_deleted_blob_is_gone_from_its_repository_whoever_else_has_it(depot: Depot) -> None:
    digest = await depot.push_blob("a", b"hello")
    await depot.push_blob("b", b"hello")
    await depot.registry.blobs.delete("a", digest)
    assert code_of(depot, "a", digest) is Code.BLOB_UNKNOWN
    assert not depot.registry.blobs.mount("c", digest, "a")
    assert depot.registry.blobs.size("b", digest) == 5
    assert depot.blobs() == {str(digest)}
    await depot.registry.blobs.delete("b", digest)
    assert depot.blobs() == set()
    with pytest.raises(Refused):
        await depot.registry.blobs.delete("b", digest)


async def test_a_lost_file_is_unknown_so_that_it_is_pushed_again(depot: Depot) -> None:
    digest = await depot.push_blob("a", b"hello")
    depot.content.delete(digest)
    assert code_of(depot, "a", digest) is Code.BLOB_UNKNOWN
    await depot.push_blob("a", b"hello")
    assert depot.registry.blobs.size("a", digest) == 5


async def test_asking_for_a_blob_marks_it_as_used(depot: Depot) -> None:
    digest = await depot.push_blob("a", b"hello")

    def used() -> int:
        return int(depot.rows.database.execute("SELECT used_seconds FROM registry_blobs")[0][0])

    begun = used()
    depot.clock.seconds += TOUCH_SECONDS // 2
    depot.registry.blobs.size("a", digest)
    assert used() == begun
    depot.clock.seconds += TOUCH_SECONDS
    depot.registry.blobs.size("a", digest)
    assert used() == depot.clock.seconds


async def test_what_was_acknowledged_is_there_after_a_restart(depot: Depot) -> None:
    digest = await depot.push_blob("a", b"hello")
    upload = depot.registry.uploads.begin("a")
    await depot.registry.uploads.append("a", upload, chunk(b"half"))
    depot.content.write(b"nobody's")
    later = depot.again()
    assert later.registry.blobs.size("a", digest) == 5
    assert later.blobs() == {str(digest)}


async def test_a_full_disk_keeps_nobody_from_reading(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = await depot.push_image("a", "1", b"layer")
    depot.clock.seconds += 2 * TOUCH_SECONDS
    execute = depot.rows.database.execute

    def full(sql: str, *values: object) -> list[tuple[object, ...]]:
        if sql.startswith("UPDATE"):
            raise Unavailable("no space left")
        return execute(sql, *values)  # type: ignore[arg-type]

    monkeypatch.setattr(depot.rows.database, "execute", full)
    assert depot.registry.blobs.size("a", Digest.of(b"layer")) == 5
    assert depot.registry.manifests.find("a", digest)
