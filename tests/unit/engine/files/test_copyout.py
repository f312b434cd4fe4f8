import io
import os
import socket
import tarfile
from pathlib import Path

import pytest

from wherry.engine.files.copyout import copy_contents_out, copy_out
from wherry.engine.files.paths import open_path
from wherry.engine.snapshots.model import Limits
from wherry.engine.snapshots.tree import Rendering
from wherry.kit.errors import Invalid


def archive(
    root: int, path: str, name: str, rendering: Rendering | None = None, **more: frozenset[int]
) -> tarfile.TarFile:
    sink = io.BytesIO()
    fd = open_path(root, path)
    try:
        copy_out(sink, fd, os.fsencode(name), rendering or Rendering(), **more)
    finally:
        os.close(fd)
    sink.seek(0)
    return tarfile.open(fileobj=sink)


def test_a_file_under_the_name_it_is_given(root: int) -> None:
    tar = archive(root, "/etc/file", "other")
    (member,) = tar.getmembers()
    assert (member.name, member.isreg(), tar.extractfile(member).read()) == ("other", True, b"inside")  # type: ignore[union-attr]


def test_a_directory_with_what_is_in_it(root: int, tree: Path) -> None:
    (tree / "etc" / "deep").mkdir()
    (tree / "etc" / "deep" / "er").write_bytes(b"x" * 100_000)
    os.link(tree / "etc" / "file", tree / "etc" / "same")
    members = archive(root, "/etc", "new").getmembers()
    assert [member.name for member in members] == ["new", "new/deep", "new/deep/er", "new/file", "new/same"]
    assert (members[4].islnk(), members[4].linkname) == (True, "new/file")


def test_the_contents_of_a_directory_and_of_the_root(root: int) -> None:
    assert archive(root, "/etc/.", ".").getnames() == [".", "./file"]
    assert archive(root, "/", "/").getnames()[-2:] == ["/out", "/up"]


def test_links_are_copied_and_never_followed(root: int) -> None:
    (member,) = archive(root, "/out", "out").getmembers()
    assert member.issym()
    assert member.linkname.endswith("outside")


def test_sockets_are_left_out_and_pipes_are_not_opened(root: int, tree: Path) -> None:
    os.mkfifo(tree / "etc" / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tree / "etc" / "socket"))
    members = archive(root, "/etc", "etc").getmembers()
    assert [(member.name, member.isfifo()) for member in members[1:]] == [("etc/file", False), ("etc/pipe", True)]


def test_file_systems_that_are_closed_are_not_looked_into(root: int, tree: Path) -> None:
    closed = frozenset({tree.stat().st_dev})
    assert archive(root, "/etc", "etc", closed=closed).getnames() == ["etc"]


def test_ids_become_the_container_s_own(root: int, tree: Path) -> None:
    ours = os.getuid()
    cases = {0: ours, ours + 1: ours if ours < 65536 else 65534}
    for first, expected in cases.items():
        assert archive(root, "/etc/file", "file", Rendering(first)).getmembers()[0].uid == expected


@pytest.mark.parametrize(
    ("number", "known"), [(100_000, 0), (165_535, 65535), (7, 7), (165_536, 65534), (99_999, 65534)]
)
def test_ids_outside_of_the_range_are_nobody_s_unless_they_are_plain(number: int, known: int) -> None:
    from wherry.engine.files.copyout import CopyOut
    from wherry.engine.snapshots.tarwriter import TarWriter

    assert CopyOut(TarWriter(io.BytesIO()), Rendering(100_000))._known(number) == known


def test_everything_in_a_root_but_itself(root: int) -> None:
    sink = io.BytesIO()
    copy_contents_out(sink, root, Rendering())
    sink.seek(0)
    with tarfile.open(fileobj=sink) as tar:
        names = tar.getnames()
    assert names == ["abs", "directory", "etc", "etc/file", "out", "up"]


def test_names_that_mean_something_in_layers_are_just_names(root: int, tree: Path) -> None:
    (tree / "etc" / ".wh.file").touch()
    assert archive(root, "/etc", "etc").getnames() == ["etc", "etc/.wh.file", "etc/file"]


def test_too_deep_a_tree_is_refused(root: int, tree: Path) -> None:
    (tree / "etc" / "a" / "b").mkdir(parents=True)
    with pytest.raises(Invalid, match="too many names"):
        archive(root, "/etc", "etc", Rendering(limits=Limits(depth=1)))
