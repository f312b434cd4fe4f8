"""Paths that cannot lead out of a directory."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.descriptors import open_descriptors
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import (
    IN_ROOT,
    RESOLVE_BENEATH,
    RESOLVE_NO_SYMLINKS,
    is_directory,
    make_directories,
    make_file,
    open_directory,
    openat2,
)
from wherry.linux.trees import remove_tree

ELOOP, ENOENT, ENOTDIR, EXDEV = 40, 2, 20, 18


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    """A descriptor of the directory ``root``, beside which lies ``outside``."""
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    fd = os.open(tmp_path / "root", os.O_PATH | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def where(fd: int) -> str:
    """The path of an open file; closes it."""
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)


def everything(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


@pytest.mark.parametrize("path", ["../outside/secret", "/../outside/secret", "link/secret", "up/outside/secret"])
def test_nothing_leads_outside(tmp_path: Path, root: int, path: str) -> None:
    (tmp_path / "root/link").symlink_to(tmp_path / "outside")
    (tmp_path / "root/up").symlink_to("../..")
    with pytest.raises(KernelError) as caught:
        openat2(root, path, os.O_RDONLY)
    assert caught.value.errno == ENOENT
    assert "open" in str(caught.value)


def test_dots_stop_at_the_root(tmp_path: Path, root: int) -> None:
    assert where(open_directory(root, "../../..")) == str(tmp_path / "root")


def test_links_lead_on_inside_the_root(tmp_path: Path, root: int) -> None:
    (tmp_path / "root/etc").mkdir()
    (tmp_path / "root/etc/passwd").write_text("mine")
    (tmp_path / "root/link").symlink_to("/etc/passwd")
    assert where(openat2(root, b"link", os.O_RDONLY)) == str(tmp_path / "root/etc/passwd")


@pytest.mark.parametrize(("resolve", "errno"), [(IN_ROOT | RESOLVE_NO_SYMLINKS, ELOOP), (RESOLVE_BENEATH, EXDEV)])
def test_links_can_be_refused(tmp_path: Path, root: int, resolve: int, errno: int) -> None:
    (tmp_path / "root/link").symlink_to("/")
    with pytest.raises(KernelError) as caught:
        open_directory(root, "link", resolve)
    assert caught.value.errno == errno


def test_a_magic_link_is_refused() -> None:
    proc = os.open("/proc", os.O_PATH)
    try:
        with pytest.raises(KernelError) as caught:
            openat2(proc, "self/cwd/..", os.O_PATH)
        assert caught.value.errno == ELOOP
    finally:
        os.close(proc)


def test_descriptors_close_on_exec_and_say_what_they_are(tmp_path: Path, root: int) -> None:
    (tmp_path / "root/file").touch()
    folder, file = open_directory(root, "/"), openat2(root, "file", os.O_PATH)
    assert not os.get_inheritable(folder)
    assert is_directory(folder)
    assert not is_directory(file)
    os.close(folder)
    os.close(file)


def test_a_file_is_no_directory(tmp_path: Path, root: int) -> None:
    (tmp_path / "root/file").touch()
    for attempt in (open_directory, make_directories):
        with pytest.raises(KernelError) as caught:
            attempt(root, "file")
        assert caught.value.errno == ENOTDIR
    with pytest.raises(KernelError) as caught:
        make_directories(root, "file/a/b")
    assert caught.value.errno == ENOTDIR


@pytest.mark.parametrize(
    ("links", "path", "made"),
    [
        ({}, "a/b/c", "a/b/c"),
        ({}, "/a//./b/", "a/b"),
        ({}, "/", ""),
        ({}, "..", ""),
        ({}, "a/../b", "b"),
        ({"l": "/x/y"}, "l/z", "x/y/z"),
        ({"l": "x"}, "l", "x"),
        ({"l": "../../x"}, "l/y", "x/y"),
        ({"l": "x/../y"}, "l/z", "y/z"),
        ({"l": "m/n", "m": "/x"}, "l/z", "x/n/z"),
        ({"d/l": "../x", "k": "d/l/y"}, "k/z", "x/y/z"),
        ({"l": "/"}, "l/x", "x"),
    ],
)
def test_directories_are_made_where_the_path_leads(
    tmp_path: Path, root: int, links: dict[str, str], path: str, made: str
) -> None:
    inside = tmp_path / "root"
    for name, target in links.items():
        (inside / name).parent.mkdir(exist_ok=True)
        (inside / name).symlink_to(target)
    assert where(make_directories(root, path)) == str(inside / made).rstrip("/")
    assert where(make_directories(root, path)) == str(inside / made).rstrip("/")
    assert everything(tmp_path / "outside") == ["secret"]


def test_directories_have_the_mode_that_was_asked_for(tmp_path: Path, root: int) -> None:
    os.close(make_directories(root, "a/b", 0o700))
    assert stat.S_IMODE((tmp_path / "root/a/b").stat().st_mode) == 0o700


@pytest.mark.parametrize("links", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b/x", "b": "a/x"}])
def test_a_loop_of_links_is_refused(tmp_path: Path, root: int, links: dict[str, str]) -> None:
    for name, target in links.items():
        (tmp_path / "root" / name).symlink_to(target)
    for attempt in (make_directories, make_file):
        with pytest.raises(KernelError) as caught:
            attempt(root, "a/x/y")
        assert caught.value.errno == ELOOP


def test_links_that_never_end_are_refused(tmp_path: Path, root: int) -> None:
    """Each adds a name that is missing, so that the kernel never sees the loop."""
    for number in range(60):
        (tmp_path / "root" / f"l{number}").symlink_to(f"new{number}/../l{number + 1}")
    with pytest.raises(KernelError) as caught:
        make_directories(root, "l0")
    assert caught.value.errno == ELOOP


def test_a_link_may_name_two_thousand_directories(tmp_path: Path, root: int) -> None:
    (tmp_path / "root/l").symlink_to("d/" * 2000)
    try:
        os.close(make_directories(root, "l"))
        os.close(make_file(root, "l/file"))
        assert (tmp_path / "root/l/file").is_file()
    finally:
        subprocess.run(["rm", "-r", tmp_path / "root/d"], check=True)  # too deep for pytest


@pytest.mark.parametrize(
    ("links", "path", "made"),
    [({}, "a/file", "a/file"), ({"l": "/x/file"}, "l", "x/file"), ({"d/l": "../file"}, "d/l", "file")],
)
def test_a_file_is_made_where_the_path_leads(
    tmp_path: Path, root: int, links: dict[str, str], path: str, made: str
) -> None:
    inside = tmp_path / "root"
    for name, target in links.items():
        (inside / name).parent.mkdir(exist_ok=True)
        (inside / name).symlink_to(target)
    assert where(make_file(root, path)) == str(inside / made)
    assert (inside / made).is_file()


def test_what_is_there_is_opened_whatever_it_is(tmp_path: Path, root: int) -> None:
    (tmp_path / "root/folder").mkdir()
    assert where(make_file(root, "folder")) == str(tmp_path / "root/folder")


def test_no_descriptor_is_left_open(tmp_path: Path, root: int) -> None:
    (tmp_path / "root/file").touch()
    (tmp_path / "root/loop").symlink_to("loop")
    before = open_descriptors()
    for path in ("a/b/c", "x/../y", "file/x", "loop/x"):
        try:
            os.close(make_directories(root, path))
        except KernelError:
            pass
    assert open_descriptors() == before


NAMES = st.sampled_from(["a", "b", "c", "d", "..", ".", ""])
PATHS = st.builds(lambda start, names: start + "/".join(names), st.sampled_from(["", "/"]), st.lists(NAMES, max_size=5))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(links=st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d/a", "d/b"]), PATHS), max_size=5), path=PATHS)
def test_what_was_made_is_what_the_path_means(
    tmp_path: Path, root: int, links: list[tuple[str, str]], path: str
) -> None:
    """Whatever links there are, the answer is what the kernel opens afterwards, and nothing outside has changed."""
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    inside = os.open(tmp_path / "root", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in os.listdir(inside):
            remove_tree(inside, name)
        (tmp_path / "root/d").mkdir()
        for name, target in dict(links).items():
            (tmp_path / "root" / name).symlink_to(target or ".")
        try:
            made = make_directories(root, path)
        except KernelError as error:
            assert error.errno == ELOOP or (error.errno == ENOENT and not path)
        else:
            again = open_directory(root, path)
            assert os.path.sameopenfile(made, again)
            os.close(made)
            os.close(again)
        assert sorted(os.listdir(fd)) == ["outside", "root"]
        assert os.listdir(tmp_path / "outside") == ["secret"]
    finally:
        os.close(fd)
        os.close(inside)
