"""Parts of a copy that are trees of their own."""

import io
import os
import tarfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.addfiles import archive, digested, whole
from wherry.engine.build.stepping import Step
from wherry.kit.errors import Invalid


@pytest.fixture
def step(workshop: Workshop) -> Step:
    class Job:
        engine = workshop.engine

    return Step(cast(Any, Job()), cast(Any, None), cast(Any, None), "")


def packed(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name in ("d/b", "a"):
            entry = tarfile.TarInfo(name)
            entry.size, entry.uid, entry.gid = 1, os.getuid(), os.getgid()
            tar.addfile(entry, io.BytesIO(b"x"))
    return path


def opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY)


def test_an_archive_is_unpacked_when_it_is_needed(workshop: Workshop, step: Step, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar.gz")
    later = archive(step, lambda: opened(path), "sha")
    assert not list(workshop.engine.tmp.iterdir())
    with ExitStack() as stack:
        files = later.make(stack)
        assert [item.place for item in files.items] == ["", "a", "d", "d/b"]
        assert files.items[0].top
        assert files.mark == later.mark
        assert files.keeps
    assert not list(workshop.engine.tmp.iterdir())


def test_the_same_archive_has_the_same_mark(step: Step, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar.gz")
    marks = [archive(step, lambda: opened(path), digest).mark for digest in ("1", "1", "2")]
    assert marks[0] == marks[1] != marks[2]


def test_an_archive_that_is_broken(workshop: Workshop, step: Step, tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(packed(tmp_path / "a.tar.gz").read_bytes()[:-20])
    with pytest.raises(Invalid), ExitStack() as stack:
        archive(step, lambda: opened(path), "sha").make(stack)
    assert not list(workshop.engine.tmp.iterdir())


def test_a_whole_directory(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/file").touch()
    with ExitStack() as stack:
        files = whole(tmp_path, "git:1", stack)
        assert ([item.place for item in files.items], files.keeps) == (["", "d", "d/file"], False)


def test_one_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with ExitStack() as stack:
        files = digested(tmp_path / "file", "sha", stack)
        (item,) = files.items
        assert (item.place, item.into, item.top, files.keeps) == ("file", True, False, True)
