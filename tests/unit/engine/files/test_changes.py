import os
from pathlib import Path

import pytest

from wherry.engine.files.changes import Kind, Trees, changes

MODIFIED, ADDED = Kind.MODIFIED, Kind.ADDED


@pytest.fixture
def upper(tmp_path: Path) -> Path:
    (tmp_path / "upper").mkdir()
    return tmp_path / "upper"


def found(upper: Path, below: Path, *skipped: bytes, first_id: int = 0) -> dict[str, Kind]:
    fds = [os.open(path, os.O_RDONLY) for path in (upper, below)]
    try:
        trees = Trees(fds[0], fds[1], first_id, lambda path, status, directory: path in skipped)
        result = changes(trees)
    finally:
        for fd in fds:
            os.close(fd)
    assert [change.path for change in result] == sorted(change.path for change in result)
    return {change.path: change.kind for change in result}


def test_nothing_is_no_change(upper: Path, tree: Path) -> None:
    assert found(upper, tree) == {}


def test_what_is_new_and_what_is_different(upper: Path, tree: Path) -> None:
    (upper / "etc").mkdir()
    (upper / "etc" / "file").write_text("longer than it was")
    (upper / "new" / "deep").mkdir(parents=True)
    assert found(upper, tree) == {"/etc": MODIFIED, "/etc/file": MODIFIED, "/new": ADDED, "/new/deep": ADDED}


def test_what_was_only_copied_up_is_no_change(upper: Path, tree: Path) -> None:
    (upper / "etc").mkdir()
    (upper / "etc").chmod((tree / "etc").stat().st_mode)
    (upper / "etc" / "file").write_text("inside")
    (upper / "etc" / "file").chmod((tree / "etc" / "file").stat().st_mode)
    status = (tree / "etc" / "file").stat()
    os.utime(upper / "etc" / "file", ns=(0, status.st_mtime_ns))
    assert found(upper, tree) == {}
    os.utime(upper / "etc" / "file", ns=(0, status.st_mtime_ns + 1))
    assert found(upper, tree) == {"/etc": MODIFIED, "/etc/file": MODIFIED}


def test_a_mode_or_an_owner_is_a_change(upper: Path, tree: Path) -> None:
    (upper / "etc").mkdir(mode=0o700)
    assert found(upper, tree) == {"/etc": MODIFIED}
    (upper / "etc").chmod((tree / "etc").stat().st_mode)
    assert found(upper, tree) == {}
    assert found(upper, tree, first_id=1) == {"/etc": MODIFIED}


def test_a_file_in_the_place_of_a_directory(upper: Path, tree: Path) -> None:
    (upper / "etc").touch()
    assert found(upper, tree) == {"/etc": MODIFIED}


def test_a_directory_in_the_place_of_a_file(upper: Path, tree: Path) -> None:
    (upper / "etc" / "file").mkdir(parents=True)
    (upper / "etc" / "file" / "in").touch()
    assert found(upper, tree) == {"/etc": MODIFIED, "/etc/file": MODIFIED, "/etc/file/in": ADDED}


def test_what_is_skipped_is_no_change_nor_what_leads_to_it(upper: Path, tree: Path) -> None:
    (upper / "etc").mkdir()
    (upper / "etc" / "hosts").touch()
    assert found(upper, tree, b"etc/hosts") == {}


def test_links_below_are_not_followed(upper: Path, tree: Path) -> None:
    (upper / "directory").mkdir()
    (upper / "directory" / "file").touch()
    assert found(upper, tree) == {"/directory": MODIFIED, "/directory/file": ADDED}
