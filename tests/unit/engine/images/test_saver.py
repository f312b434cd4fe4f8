"""The archive that docker save writes (its content: test_transfers)."""

import io
import tarfile

from tests.unit.engine.images.archives import chunks, docker_archive, tar
from tests.unit.engine.images.conftest import Shelf


async def test_the_tar_is_in_blocks_and_ends_as_tars_end(shelf: Shelf) -> None:
    await shelf.images.import_(chunks(tar({"a": b"12345"})), "demo", "1")
    data = b"".join([chunk async for chunk in shelf.images.save(["demo:1"])])
    assert len(data) % 512 == 0 and data.endswith(bytes(1024))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
        modes = {member.mode for member in archive.getmembers() if member.isfile()}
    assert names[:2] == ["blobs", "blobs/sha256"]
    assert names[-4:] == ["index.json", "manifest.json", "oci-layout", "repositories"]
    assert modes == {0o644}


async def test_saving_twice_gives_the_same_bytes(shelf: Shelf) -> None:
    layers = [tar({"a": b"1"}), tar({"b": b"2"})]
    async for _ in shelf.images.load(chunks(docker_archive(layers, ["demo:1", "demo:2"]))):
        pass
    saved = [b"".join([chunk async for chunk in shelf.images.save(["demo"])]) for _ in range(2)]
    assert saved[0] == saved[1]


async def test_a_shared_blob_is_saved_once(shelf: Shelf) -> None:
    for number in "12":
        await shelf.images.import_(chunks(tar({"a": b"12345"})), "demo", number)
    data = b"".join([chunk async for chunk in shelf.images.save(["demo"])])
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
    assert len(names) == len(set(names))
