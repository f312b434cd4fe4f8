"""Mounts put in place inside a root, in a mount namespace that nobody else sees."""

import errno
import os
import stat
from pathlib import Path

import pytest

from tests.descriptors import open_descriptors
from tests.unit.linux.apart import apart
from wherry.engine.runtime import binding
from wherry.engine.runtime.binding import attach, existing, make_readonly, mask, new_filesystem, target
from wherry.engine.runtime.failure import Failure
from wherry.linux import mount

OUTSIDE = Path("/tmp")


def flags(path: Path) -> set[str]:
    """The options of the mount at ``path`` (proc_pid_mountinfo(5))."""
    found: set[str] = set()
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        if fields[4] == str(path):
            found = {*fields[5].split(","), *fields[6 : fields.index("-")]}
    return found


def root_of(path: Path) -> int:
    return os.open(path, os.O_PATH | os.O_DIRECTORY)


@apart
def test_options_of_a_new_file_system_are_its_own_or_the_mounts(tmp_path: Path) -> None:
    made = new_filesystem("tmpfs", ["nosuid", "noexec", "mode=711", "size=64k", "ro", "rw", "rprivate", "defaults"])
    mount.move_to_path(made, str(tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o711
    assert flags(tmp_path) >= {"nosuid", "noexec", "rw"}
    assert os.statvfs(tmp_path).f_blocks * os.statvfs(tmp_path).f_frsize == 65536


@apart
def test_an_option_that_the_file_system_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(OSError, match="set tmpfs option nonsense=1"):
        new_filesystem("tmpfs", ["nonsense=1"])


@pytest.mark.parametrize(
    ("options", "there", "not_there"),
    [
        ([], {"rw"}, {"nosuid", "noexec"}),
        (["ro"], {"ro"}, {"rw"}),
        (["ro", "nosuid", "rw"], {"rw", "nosuid"}, {"ro"}),
        (["nosuid", "nodev", "noexec"], {"nosuid", "nodev", "noexec"}, set()),
        (["nosuid", "suid"], set(), {"nosuid"}),
        (["noatime"], {"noatime"}, {"relatime"}),
        (["noatime", "relatime"], {"relatime"}, {"noatime"}),
        (["relatime", "noatime", "ro"], {"noatime", "ro"}, {"relatime"}),
        (["strictatime", "nodiratime"], {"nodiratime"}, {"relatime", "noatime"}),
        (["bind", "idmap", "Z"], {"rw"}, set()),
    ],
    ids=str,
)
@apart
def test_a_binds_options_are_its_mounts(
    tmp_path: Path, options: list[str], there: set[str], not_there: set[str]
) -> None:
    (tmp_path / "at").mkdir()
    tree = mount.create("tmpfs")
    attach(tree, root_of(tmp_path / "at"), "/at", options)
    assert flags(tmp_path / "at") >= there
    assert not flags(tmp_path / "at") & not_there


@apart
def test_read_only_may_be_asked_for_all_that_is_mounted_below(tmp_path: Path) -> None:
    for name in ("source", "at"):
        (tmp_path / name).mkdir()
    mount.move_to_path(mount.create("tmpfs"), str(tmp_path / "source"))
    (tmp_path / "source/below").mkdir()
    mount.move_to_path(mount.create("tmpfs"), str(tmp_path / "source/below"))
    attach(
        mount.clone_tree(str(tmp_path / "source"), recursive=True), root_of(tmp_path / "at"), "/at", ["rbind", "rro"]
    )
    assert "ro" in flags(tmp_path / "at")
    assert "ro" in flags(tmp_path / "at/below")
    assert "rw" in flags(tmp_path / "source/below")


@pytest.mark.parametrize(("option", "shared"), [("shared", True), ("rshared", True), ("private", False)])
@apart
def test_propagation_is_as_asked_for(tmp_path: Path, option: str, shared: bool) -> None:
    (tmp_path / "at").mkdir()
    attach(mount.create("tmpfs"), root_of(tmp_path / "at"), "/at", [option])
    assert any(flag.startswith("shared:") for flag in flags(tmp_path / "at")) is shared


@pytest.mark.parametrize("is_file", [True, False])
def test_a_mount_point_that_is_missing_is_made(tmp_path: Path, is_file: bool) -> None:
    fd = target(root_of(tmp_path), "/a/b", is_file)
    assert stat.S_ISDIR(os.fstat(fd).st_mode) is not is_file
    assert (tmp_path / "a/b").is_file() is is_file


def test_a_file_goes_on_a_file_and_a_directory_on_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    before = open_descriptors()
    root = root_of(tmp_path)
    for name, is_file in (("/directory", True), ("/file", False), ("/file/below", False)):
        with pytest.raises(Failure, match="Are you trying to mount a directory onto a file") as failure:
            target(root, name, is_file)
        assert failure.value.path == name
    os.close(root)
    assert open_descriptors() == before


def test_a_mount_point_stays_inside_whatever_links_say(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "root/link").symlink_to(tmp_path / "outside")
    target(root_of(tmp_path / "root"), "/link/made", is_file=True)
    assert os.listdir(tmp_path / "outside") == []


@pytest.mark.parametrize("what", ["link", "file", "link above"])
def test_a_kernels_file_system_goes_on_an_ordinary_directory_only(tmp_path: Path, what: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    match what:
        case "link":
            (tmp_path / "proc").symlink_to("elsewhere")
        case "file":
            (tmp_path / "proc").touch()
        case "link above":
            (tmp_path / "dev").symlink_to("elsewhere")
    path = "/dev/pts" if what == "link above" else "/proc"
    with pytest.raises(Failure, match=f"{path} must be mounted on ordinary directory"):
        target(root_of(tmp_path), path, False, ordinary=True)
    assert os.listdir(tmp_path / "elsewhere") == []


def test_what_is_there_is_found_and_nothing_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    root = root_of(tmp_path)
    found = existing(root, "/file")
    assert found is not None
    assert existing(root, "/absent") is None
    assert existing(root, "/file/below") is None
    with pytest.raises(OSError) as refusal:
        existing(root, "/loop")
    assert refusal.value.errno == errno.ELOOP


@apart
def test_read_only_paths_are_read_only_with_what_is_below_and_absent_ones_no_matter(tmp_path: Path) -> None:
    (tmp_path / "sys/below").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    make_readonly(root_of(tmp_path), ["/sys", "/file", "/absent"])
    for path in (tmp_path / "sys/below/new", tmp_path / "file"):
        with pytest.raises(OSError) as refusal:
            path.write_text("y")
        assert refusal.value.errno == errno.EROFS
    assert flags(tmp_path / "sys") >= {"ro", "nosuid", "nodev", "noexec"}
    (tmp_path / "other").write_text("y")


@apart
def test_masked_paths_say_nothing_and_take_nothing(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "secret").touch()
    (tmp_path / "file").write_text("secret")
    before = open_descriptors()
    mask(root_of(tmp_path), ["/one", "/file", "/other", "/absent"])
    assert os.listdir(tmp_path / "one") == os.listdir(tmp_path / "other") == []
    assert (tmp_path / "file").read_bytes() == b""
    assert stat.S_ISCHR((tmp_path / "file").stat().st_mode)
    with pytest.raises(OSError):
        (tmp_path / "one/new").touch()
    assert open_descriptors() == before + 1  # the root's own


def test_every_attribute_can_be_set_and_taken_back() -> None:
    for name, opposite in (("ro", "rw"), ("nosuid", "suid"), ("nodev", "dev"), ("noexec", "exec")):
        assert binding.ATTRIBUTES[name] == binding.ATTRIBUTES[opposite][::-1]
