"""ADD of what is in the context; the rest is in tests/kernel/test_builds_remote.py."""

import io
import tarfile
from pathlib import Path

import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.model import BuildFailed, Ended


@pytest.fixture
def archives(context: Path) -> Path:
    for name, mode in (("a.tar", "w"), ("b.tgz", "w:gz"), ("c", "w:xz")):
        with tarfile.open(context / name, mode) as tar:  # type: ignore[call-overload]
            entry = tarfile.TarInfo(f"from/{name}")
            entry.size = 1
            tar.addfile(entry, io.BytesIO(b"x"))
    (context / "fake.tar").write_text("no archive")
    return context


async def test_archives_are_unpacked_whatever_they_are_called(workshop: Workshop, archives: Path) -> None:
    built = await workshop.build("FROM scratch\nADD a.tar b.tgz c fake.tar file /in/\n", archives)
    expected = {"in/from/a.tar": "x", "in/from/b.tgz": "x", "in/from/c": "x", "in/fake.tar": "no archive"}
    assert workshop.files(built) == {**expected, "in/file": "file"}


async def test_an_archive_in_a_directory_is_a_file(workshop: Workshop, archives: Path) -> None:
    (archives / "a.tar").rename(archives / "d/a.tar")
    built = await workshop.build("FROM scratch\nADD --exclude=*.tar d /in/\n", archives)
    assert workshop.files(built) == {"in/inner": "inner", "in/other": "other"}


async def test_nothing_is_unpacked_when_that_is_said(workshop: Workshop, archives: Path) -> None:
    built = await workshop.build("FROM scratch\nADD --unpack=false fake.tar /in/\n", archives)
    assert workshop.files(built) == {"in/fake.tar": "no archive"}


async def test_an_unchanged_archive_is_not_unpacked_again(workshop: Workshop, archives: Path) -> None:
    text = "FROM scratch\nADD b.tgz /in/\n"
    await workshop.build(text, archives)
    (archives / "b.tgz").rename(archives / "renamed")
    await workshop.build("FROM scratch\nADD renamed /in/\n", archives)
    assert [event.cached for event in workshop.all_of(Ended)] == [False, True]


@pytest.mark.parametrize(
    "source", ["file", "file https://example.org/x", "https://example.org/x https://example.org/y"]
)
async def test_a_checksum_is_of_one_remote_source(workshop: Workshop, archives: Path, source: str) -> None:
    with pytest.raises(BuildFailed, match="checksum can only be specified for a single"):
        await workshop.build(f"FROM scratch\nADD --checksum=sha256:{'0' * 64} {source} /x/\n", archives)
