"""Watched directories tell that something has changed."""

import errno
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from wherry.linux.errors import KernelError
from wherry.linux.inotify import CREATE, Inotify

MANY = Path("/proc/sys/fs/inotify/max_queued_events")


@pytest.fixture
def inotify() -> Iterator[Inotify]:
    with Inotify() as one:
        yield one


def is_readable(inotify: Inotify) -> bool:
    return bool(select.select([inotify.fd], [], [], 0)[0])


def test_nothing_happened(inotify: Inotify, tmp_path: Path) -> None:
    inotify.add(str(tmp_path))
    assert not is_readable(inotify)
    assert list(inotify.changed()) == []


def test_a_new_file_a_changed_one_and_one_that_moves_in_are_told(inotify: Inotify, tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    number = inotify.add(str(tmp_path / "watched"))
    for change in (
        lambda: (tmp_path / "watched/new").touch(),
        lambda: (tmp_path / "watched/new").write_text("more"),
        lambda: (tmp_path / "other").rename(tmp_path / "watched/other"),
    ):
        (tmp_path / "other").touch()
        change()
        assert is_readable(inotify)
        assert set(inotify.changed()) == {number}
        assert list(inotify.changed()) == []


def test_what_was_not_asked_for_is_not_told(inotify: Inotify, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    inotify.add(str(tmp_path), CREATE)
    (tmp_path / "file").write_text("more")
    (tmp_path / "file").unlink()
    assert list(inotify.changed()) == []


def test_each_directory_has_a_number_and_only_one(inotify: Inotify, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "a name that is not ASCII: ü"
    numbers = {}
    for path in (one, other):
        path.mkdir()
        numbers[path] = inotify.add(str(path))
    assert inotify.add(str(one)) == numbers[one] != numbers[other]
    (one / ("long name" * 20)).touch()
    (other / "x").touch()
    assert list(inotify.changed()) == [numbers[one], numbers[other]]


def test_a_watch_is_removed_as_often_as_one_likes(inotify: Inotify, tmp_path: Path) -> None:
    number = inotify.add(str(tmp_path))
    for _ in range(2):
        inotify.remove(number)
    list(inotify.changed())  # the kernel says that the watch is gone
    (tmp_path / "new").touch()
    assert list(inotify.changed()) == []


def test_a_watch_of_a_deleted_directory_is_gone_already(inotify: Inotify, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    number = inotify.add(str(tmp_path / "gone"))
    (tmp_path / "gone").rmdir()
    inotify.remove(number)


def test_what_is_not_there_is_refused(inotify: Inotify, tmp_path: Path) -> None:
    with pytest.raises(KernelError) as refusal:
        inotify.add(str(tmp_path / "absent"))
    assert (refusal.value.errno, refusal.value.filename) == (errno.ENOENT, str(tmp_path / "absent"))


@pytest.mark.skipif(int(MANY.read_text()) > 50_000, reason="this machine remembers too much to be made to forget")
def test_too_much_is_told_as_such(inotify: Inotify, tmp_path: Path) -> None:
    paths = [tmp_path / "one", tmp_path / "other"]
    for path in paths:
        path.mkdir()
        inotify.add(str(path))
    with (paths[0] / "file").open("wb", 0) as one, (paths[1] / "file").open("wb", 0) as other:
        for _ in range(int(MANY.read_text())):  # two events each: those of one file in a row would be one
            one.write(b"x")
            other.write(b"x")
    told: set[int | None] = set()
    while found := set(inotify.changed()):
        told |= found
    assert None in told


def test_a_closed_one_is_closed() -> None:
    with Inotify() as inotify:
        pass
    with pytest.raises(OSError, match="Bad file descriptor"):
        list(inotify.changed())
