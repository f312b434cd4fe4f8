"""Mounts are made detached, given attributes, and put in place, in a mount namespace that nobody else sees."""

import errno
import os
from pathlib import Path

import pytest

from tests.descriptors import open_descriptors
from tests.unit.linux.apart import apart
from wherry.linux import mount
from wherry.linux.errors import KernelError


def options(path: Path) -> list[str]:
    """Of the topmost mount at ``path`` (proc_pid_mountinfo(5), field 6); nothing when there is none."""
    found: list[str] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        if fields[4] == str(path):
            found = fields[5].split(",")
    return found


def mounted(path: Path, *files: str) -> int:
    """A new tmpfs on ``path``, with these files; the descriptor of its mount."""
    made = mount.create("tmpfs", [("mode", "755")])
    mount.move_to_path(made, str(path))
    for name in files:
        (path / name).write_text(name)
    return made


def names(tree: int) -> list[str]:
    """What is in the directory that a descriptor is, which may be one of O_PATH."""
    return sorted(os.listdir(f"/proc/self/fd/{tree}"))


@apart
def test_a_file_system_is_made_with_its_options_and_nobody_sees_it_yet(tmp_path: Path) -> None:
    before = Path("/proc/self/mountinfo").read_text()
    made = mount.create("tmpfs", [("mode", "711"), ("size", "1m")], mount.ATTR_NOSUID | mount.ATTR_RDONLY)
    assert os.fstat(made).st_mode & 0o777 == 0o711
    status = os.fstatvfs(made)
    assert status.f_blocks * status.f_frsize == 1 << 20
    assert status.f_flag & (os.ST_NOSUID | os.ST_RDONLY) == os.ST_NOSUID | os.ST_RDONLY
    assert Path("/proc/self/mountinfo").read_text() == before


@apart
def test_a_flag_is_an_option_without_a_value() -> None:
    with pytest.raises(KernelError, match=r"set tmpfs option nosuchflag: "):
        mount.create("tmpfs", [("nosuchflag", None)])


@apart
def test_an_option_that_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(KernelError, match=r"set tmpfs option size=much: Invalid argument"):
        mount.create("tmpfs", [("size", "much")])
    with pytest.raises(KernelError, match=r"open file system nosuchfs: No such device"):
        mount.create("nosuchfs")


@apart
def test_a_file_system_that_cannot_be_made_is_refused_as_such() -> None:
    with pytest.raises(KernelError, match=r"create overlay.*: Invalid argument"):
        mount.create("overlay")  # without layers


@pytest.mark.parametrize(("written", "told"), [(b"e tmpfs: Bad value\n", " (tmpfs: Bad value)"), (b"", "")])
def test_what_a_file_system_says_of_a_failure_is_told_without_its_level(written: bytes, told: str) -> None:
    reader, writer = os.pipe()
    os.write(writer, written)
    os.close(writer)
    assert mount._explanation(reader) == told
    os.close(reader)
    assert mount._explanation(reader) == ""


@apart
def test_a_refused_file_system_leaves_no_descriptor() -> None:
    before = open_descriptors()
    for _ in range(3):
        with pytest.raises(KernelError):
            mount.create("tmpfs", [("size", "much")])
    assert open_descriptors() == before


@apart
def test_a_mount_is_put_where_a_descriptor_a_path_or_a_name_says(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    target, directory = os.open(tmp_path / "a", os.O_PATH), os.open(tmp_path, os.O_PATH)
    mount.move(mount.create("tmpfs"), target)
    mount.move_to_path(mount.create("tmpfs"), str(tmp_path / "b"))
    mount.move_below(mount.create("tmpfs"), directory, "c")
    assert all(options(tmp_path / name) for name in ("a", "b", "c"))


@apart
def test_a_copy_shows_the_same_files_and_only_a_recursive_one_what_is_mounted_below(tmp_path: Path) -> None:
    mounted(tmp_path, "file")
    (tmp_path / "below").mkdir()
    mounted(tmp_path / "below", "deep")
    flat, whole = (mount.clone_tree(str(tmp_path), recursive=recursive) for recursive in (False, True))
    assert names(flat) == names(whole) == ["below", "file"]
    below = [os.open("below", os.O_RDONLY, dir_fd=tree) for tree in (flat, whole)]
    assert [os.listdir(one) for one in below] == [[], ["deep"]]


@apart
def test_a_copy_of_what_a_descriptor_is_or_has_below(tmp_path: Path) -> None:
    mounted(tmp_path, "file")
    directory = os.open(tmp_path, os.O_RDONLY)
    assert names(mount.clone_tree("", directory)) == ["file"]
    assert os.fstat(mount.clone_tree("file", directory)).st_size == 4
    with pytest.raises(KernelError, match="copy mount absent: No such file"):
        mount.clone_tree("absent", directory)


@apart
def test_attributes_are_of_a_mount_and_not_of_its_file_system(tmp_path: Path) -> None:
    made = mounted(tmp_path, "file")
    copy = mount.clone_tree(str(tmp_path))
    mount.set_attributes(copy, add=mount.ATTR_RDONLY)
    with pytest.raises(OSError) as refusal:
        os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=copy)
    assert refusal.value.errno == errno.EROFS
    (tmp_path / "new").touch()
    mount.set_attributes(copy, clear=mount.ATTR_RDONLY)
    os.close(os.open("newer", os.O_CREAT | os.O_WRONLY, dir_fd=copy))
    os.close(made)


@apart
def test_attributes_of_all_mounts_below_are_set_recursively(tmp_path: Path) -> None:
    made = mounted(tmp_path)
    (tmp_path / "below").mkdir()
    mounted(tmp_path / "below")
    mount.set_attributes(made, add=mount.ATTR_NOEXEC)
    assert ("noexec" in options(tmp_path), "noexec" in options(tmp_path / "below")) == (True, False)
    mount.set_attributes(made, add=mount.ATTR_NOSUID, recursive=True)
    assert "nosuid" in options(tmp_path)
    assert "nosuid" in options(tmp_path / "below")


@apart
def test_a_way_of_keeping_access_times_replaces_the_one_before(tmp_path: Path) -> None:
    made = mounted(tmp_path)
    assert "relatime" in options(tmp_path)
    mount.set_attributes(made, add=mount.ATTR_NOATIME)
    assert "noatime" in options(tmp_path)
    assert "relatime" not in options(tmp_path)


@apart
def test_what_cannot_be_set_is_refused_with_its_path(tmp_path: Path) -> None:
    made = mounted(tmp_path)
    with pytest.raises(KernelError, match=f"set mount attributes {tmp_path}: Invalid argument"):
        mount.set_attributes(made, add=1 << 40, path=str(tmp_path))
    ours = os.open("/proc/self/ns/user", os.O_RDONLY)
    with pytest.raises(KernelError, match=f"set mount attributes {tmp_path}: "):
        mount.set_attributes(made, userns=ours, path=str(tmp_path))  # it can be seen already


@apart
def test_a_mount_is_private_or_shares_what_is_mounted_below(tmp_path: Path) -> None:
    made = mounted(tmp_path)
    mount.set_attributes(made, propagation=mount.PROPAGATION["shared"])
    assert "shared:" in Path("/proc/self/mountinfo").read_text().split(str(tmp_path))[1].splitlines()[0]
    mount.set_attributes(made, propagation=mount.PROPAGATION["private"])
    assert "shared:" not in Path("/proc/self/mountinfo").read_text().split(str(tmp_path))[1].splitlines()[0]


@apart
def test_what_is_mounted_moves_with_all_that_is_mounted_below_it(tmp_path: Path) -> None:
    for name in ("from", "to"):
        (tmp_path / name).mkdir()
    mounted(tmp_path / "from")
    (tmp_path / "from/below").mkdir()
    mounted(tmp_path / "from/below", "deep")
    mount.move_attached(str(tmp_path / "from"), os.open(tmp_path / "to", os.O_PATH))
    assert (tmp_path / "to/below/deep").exists()
    assert os.listdir(tmp_path / "from") == []


@apart
def test_after_a_change_of_root_there_is_no_way_back(tmp_path: Path) -> None:
    made = mounted(tmp_path, "file")
    os.chdir(tmp_path.parent)
    mount.pivot_into(made)
    assert os.listdir("/") == ["file"]
    assert os.getcwd() == "/"
    os.chdir("..")
    assert os.listdir(".") == ["file"]
