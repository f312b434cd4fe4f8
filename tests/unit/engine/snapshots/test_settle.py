import os
from pathlib import Path

from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.attributes import Attributes
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.settle import Settler

MOMENT = 1_000_000_000 * 10**9


def header(name: bytes, kind: bytes = tar.REGULAR) -> Header:
    return Header(name, kind, b"", 0o4755, os.getuid(), os.getgid(), 0, MOMENT)


def test_a_file_gets_the_time_of_its_entry_and_loses_what_is_no_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.setxattr(path, "user.overlay.note", b"1")
    os.setxattr(path, "user.kept", b"1")
    fd = os.open(path, os.O_RDONLY)
    Settler(False).regular(fd, header(b"file"), Attributes({b"user.kept": b"1"}, (b"user.overlay.note",)))
    os.close(fd)
    assert path.stat().st_mtime_ns == MOMENT
    assert os.listxattr(path) == ["user.kept"]


def test_set_id_bits_survive_a_change_of_owner(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o4755)
    fd = os.open(path, os.O_RDONLY)
    Settler(True).regular(fd, header(b"file"), Attributes())
    os.close(fd)
    assert path.stat().st_mode & 0o7777 == 0o4755


def test_a_link_is_settled_itself(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    os.utime(tmp_path / "target", (5, 5))
    (tmp_path / "link").symlink_to("target")
    directory = os.open(tmp_path, os.O_RDONLY)
    link = header(b"link", tar.SYMBOLIC_LINK)
    link.link = b"target"
    Settler(True).other(directory, b"link", link, Attributes())
    os.close(directory)
    assert (tmp_path / "link").lstat().st_mtime_ns == MOMENT
    assert (tmp_path / "target").stat().st_mtime == 5


def test_a_directory_gets_its_time_when_it_is_left(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    settler = Settler(False)
    settler.directory(fd, header(b"d/", tar.DIRECTORY), Attributes())
    (tmp_path / "late").touch()
    settler.drop(fd, b"late")
    settler.leave(fd, header(b"d/", tar.DIRECTORY))
    os.close(fd)
    assert tmp_path.stat().st_mtime_ns == MOMENT
    assert list(tmp_path.iterdir()) == []
