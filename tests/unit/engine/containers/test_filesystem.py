"""Files of containers that do not run, on views of imagination; real ones are in the kernel and conformance tests."""

import io
import os
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.descriptors import open_descriptors
from tests.unit.engine.containers.harness import Daemon, Machine
from wherry.engine.containers.asked import Extraction
from wherry.engine.files.changes import Kind
from wherry.kit.errors import Invalid, NotFound


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 100):
        yield data[at : at + 100]


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.uid, member.gid = os.getuid(), os.getgid()
            tar.addfile(member)
    return buffer.getvalue()


@pytest.fixture
async def box(daemon: Daemon, machine: Machine) -> str:
    """A container with the host's user namespace that has run, and written ``/etc/file``."""
    container = await daemon.create("wait", UsernsMode="host")
    upper = upper_of(machine, container)
    (upper / "etc").mkdir(parents=True)
    (upper / "etc" / "file").write_text("content")
    return container


def upper_of(machine: Machine, container: str) -> Path:
    return machine.instance.containers / container / "upper"


async def test_what_is_at_a_path(daemon: Daemon, box: str) -> None:
    stat = await daemon.containers.files.stat(box, "etc/file")
    assert (stat.name, stat.size_bytes) == ("file", 7)
    with pytest.raises(NotFound, match=f"Could not find the file /missing in container {box}"):
        await daemon.containers.files.stat(box, "/missing")


async def test_an_archive_of_it(daemon: Daemon, box: str) -> None:
    async with daemon.containers.files.archive(box, "/etc/") as (stat, chunks):
        data = b"".join([chunk async for chunk in chunks])
    assert stat.is_directory
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == ["etc", "etc/file"]
    assert daemon.actions()[-1] == "archive-path"


async def test_an_archive_that_nobody_reads_leaves_nothing(daemon: Daemon, box: str) -> None:
    before = open_descriptors()
    async with daemon.containers.files.archive(box, "/etc"):
        pass
    assert open_descriptors() == before


async def test_something_unpacked(daemon: Daemon, machine: Machine, box: str) -> None:
    await daemon.containers.files.extract(box, Extraction("/etc"), pieces(archive("new")))
    assert (upper_of(machine, box) / "etc" / "new").exists()
    assert daemon.actions()[-1] == "extract-to-dir"


async def test_places_that_are_none(daemon: Daemon, box: str) -> None:
    with pytest.raises(Invalid, match="extraction point is not a directory"):
        await daemon.containers.files.extract(box, Extraction("/etc/file"), pieces(archive("new")))
    with pytest.raises(NotFound):
        await daemon.containers.files.extract(box, Extraction("/missing"), pieces(archive("new")))
    with pytest.raises(Invalid, match="bad parameter"):
        await daemon.containers.files.extract(box, Extraction(""), pieces(archive("new")))


async def test_before_its_first_start_it_has_changed_nothing(daemon: Daemon) -> None:
    assert await daemon.containers.files.changes(await daemon.create("wait")) == []


async def test_an_export(daemon: Daemon, box: str) -> None:
    async with daemon.containers.files.export(box) as chunks:
        data = b"".join([chunk async for chunk in chunks])
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == ["etc", "etc/file"]
    assert daemon.actions()[-1] == "export"


async def test_containers_that_are_not_there(daemon: Daemon) -> None:
    with pytest.raises(NotFound):
        await daemon.containers.files.stat("missing", "/")


def test_kinds_are_docker_s_numbers() -> None:
    assert [int(kind) for kind in (Kind.MODIFIED, Kind.ADDED, Kind.DELETED)] == [0, 1, 2]
