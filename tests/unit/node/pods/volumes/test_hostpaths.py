"""Paths of the machine."""

import socket
from pathlib import Path

import pytest

from wherry.kit.errors import Invalid
from wherry.node.pods.volumes import hostpaths


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").write_text("x")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    listening.close()
    (tmp_path / "device").symlink_to("/dev/null")
    return tmp_path


GOOD = {"Directory": "directory", "File": "file", "Socket": "socket", "CharDevice": "device"}


@pytest.mark.parametrize(("kind", "name"), GOOD.items())
def test_what_it_is_said_to_be(place: Path, kind: str, name: str) -> None:
    hostpaths.check(place / name, kind)


@pytest.mark.parametrize("kind", [*GOOD, "BlockDevice"])
@pytest.mark.parametrize("name", [*GOOD.values(), "missing"])
def test_anything_else_is_refused(place: Path, kind: str, name: str) -> None:
    if GOOD.get(kind) == name:
        return
    with pytest.raises(Invalid, match=f"hostPath type check failed: {place / name} is not a"):
        hostpaths.check(place / name, kind)


def test_what_is_missing_is_made_where_that_is_asked_for(place: Path) -> None:
    hostpaths.check(place / "a/b", "DirectoryOrCreate")
    assert (place / "a/b").is_dir()
    hostpaths.check(place / "new", "FileOrCreate")
    assert (place / "new").read_bytes() == b""
    hostpaths.check(place / "file", "FileOrCreate")
    assert (place / "file").read_text() == "x"
    with pytest.raises(Invalid):
        hostpaths.check(place / "file", "DirectoryOrCreate")


def test_without_a_type_anything_goes(place: Path) -> None:
    hostpaths.check(place / "missing", "")
    hostpaths.provide(place / "missing", "")
    hostpaths.provide(place / "file", "")
    assert (place / "missing").is_dir()
