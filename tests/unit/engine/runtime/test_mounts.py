"""What a container sees is put together inside its root (with /proc, /sys and cgroups: tests/kernel)."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.linux.apart import apart
from wherry.engine.runtime.failure import Failure
from wherry.engine.runtime.mounts import BASES, Skeleton, Tree, base_of, write_sysctls
from wherry.linux import mount

PROC = {"destination": "/proc", "type": "proc", "options": ["nosuid", "noexec"]}
DEV = {"destination": "/dev", "type": "tmpfs", "options": ["mode=755"]}
SHM = {"destination": "/dev/shm", "type": "tmpfs", "options": ["mode=1777"]}


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/proc", "/proc"),
        ("/proc/sys/net", "/proc"),
        ("/dev/shm", "/dev"),
        ("/sys/fs/cgroup", "/sys"),
        ("/process", None),
        ("/", None),
        ("/etc/dev", None),
        ("", None),
    ],
)
def test_a_path_lies_in_one_of_the_kernels_directories_or_in_none(path: str, base: str | None) -> None:
    assert base_of(path) == base


@given(st.text("/procdevsys", max_size=12))
def test_what_lies_in_one_lies_in_no_other(path: str) -> None:
    assert sum(path == base or path.startswith(f"{base}/") for base in BASES) == (base_of(path) is not None)


def config(*mounts: Any, **linux: Any) -> dict[str, Any]:
    return {"mounts": list(mounts), "linux": linux}


@pytest.mark.parametrize(
    ("wanted", "same"),
    [
        (config(DEV, SHM), True),
        (config(PROC, DEV, SHM), True),
        (config(DEV | {"destination": "dev/."}, SHM), True),
        (config({**DEV, "options": ["mode=755"]}, {**SHM, "source": "elsewhere"}), True),
        (config(DEV, SHM, {"destination": "/dev/x", "type": "cgroup"}), True),
        (config(DEV, SHM, maskedPaths=["/proc/kcore"]), True),
        (config(SHM, DEV), False),
        (config(DEV), False),
        (config({**DEV, "options": ["mode=700"]}, SHM), False),
        (config({**DEV, "type": "bind"}, SHM), False),
        (config(DEV, SHM, maskedPaths=["/dev/x"]), False),
        (config(DEV, SHM, readonlyPaths=["/dev/x"]), False),
        (config(PROC), False),
    ],
)
def test_what_was_built_ahead_is_used_for_exactly_the_same(wanted: dict[str, Any], same: bool) -> None:
    assert Skeleton(wanted, "/dev").same(Skeleton(config(DEV, SHM), "/dev")) is same


def test_nothing_is_not_the_same_as_nothing() -> None:
    assert not Skeleton({}, "/dev").same(Skeleton({}, "/dev"))


def test_the_order_of_options_and_masked_paths_is_no_matter() -> None:
    one = config(PROC, maskedPaths=["/proc/a", "/proc/b"])
    other = config({**PROC, "options": ["noexec", "nosuid"]}, maskedPaths=["/proc/b", "/proc/a"])
    assert Skeleton(one, "/proc").same(Skeleton(other, "/proc"))


def tree(root: Path, mapped: bool = False, **fds: int) -> Tree:
    return Tree(
        os.open(root, os.O_PATH | os.O_DIRECTORY), {name.replace("_", ":"): fd for name, fd in fds.items()}, mapped
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@apart
def test_mounts_come_in_their_order_so_that_one_may_lie_in_another(root: Path) -> None:
    outer = {"destination": "/a", "type": "tmpfs", "options": ["mode=711"]}
    inner = {"destination": "a//b/", "type": "tmpfs"}
    tree(root).mount_all(config(outer, inner))
    assert (root / "a").is_mount()
    assert (root / "a/b").is_mount()


@apart
def test_a_bind_is_the_tree_that_came_with_it(root: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/file").write_text("x")
    (tmp_path / "hosts").write_text("127.0.0.1")
    directory, file = (mount.clone_tree(str(tmp_path / name)) for name in ("source", "hosts"))
    tree(root, mount_0=directory, mount_1=file).mount_all(
        config({"destination": "/data", "options": ["bind", "ro"]}, {"destination": "/etc/hosts", "type": "bind"})
    )
    assert (root / "data/file").read_text() == "x"
    assert (root / "etc/hosts").read_text() == "127.0.0.1"
    with pytest.raises(OSError, match="Read-only"):
        (root / "data/new").touch()
    with pytest.raises(OSError):
        os.fstat(directory)


@apart
def test_an_empty_volume_takes_over_what_the_image_has(root: Path, tmp_path: Path) -> None:
    (root / "data").mkdir()
    (root / "data/file").write_text("of the image")
    (tmp_path / "volume").mkdir()
    volume = mount.clone_tree(str(tmp_path / "volume"))
    tree(root, mount_0=volume).mount_all(config({"destination": "/data", "options": ["rbind", "x-copy-up"]}))
    assert (tmp_path / "volume/file").read_text() == "of the image"


@pytest.mark.parametrize("destination", ["/", "", "/..", "a/../.."])
@apart
def test_nothing_is_mounted_on_the_root(root: Path, destination: str) -> None:
    with pytest.raises(Failure, match="the destination is the root directory"):
        tree(root).mount_all(config({"destination": destination, "type": "tmpfs"}))


@apart
def test_nothing_but_proc_is_mounted_on_proc(root: Path) -> None:
    with pytest.raises(Failure, match="/proc cannot be mounted because it is inside /proc"):
        tree(root).mount_all(config({"destination": "/proc", "type": "tmpfs"}))


@apart
def test_dev_has_its_links_and_devices(root: Path) -> None:
    tree(root, mapped=True).mount_all(config(DEV))
    assert os.readlink(root / "dev/fd") == "/proc/self/fd"
    assert os.readlink(root / "dev/ptmx") == "pts/ptmx"
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        assert stat.S_ISCHR((root / "dev" / name).stat().st_mode), name
    assert (root / "dev/zero").open("rb").read(3) == b"\0\0\0"
    (root / "dev/null").write_bytes(b"x")


@apart
def test_without_a_dev_there_are_no_devices(root: Path) -> None:
    tree(root, mapped=True).mount_all(config())
    assert os.listdir(root) == []


@apart
def test_a_device_that_was_given_is_the_copy_that_came_with_it(root: Path) -> None:
    copy = mount.clone_tree("/dev/null")
    made = Tree(os.open(root, os.O_PATH | os.O_DIRECTORY), {"device:/dev/sub/mine": copy}, True)
    made.mount_all({"mounts": [DEV], "linux": {"devices": [{"path": "/dev/sub/mine", "type": "c"}]}})
    assert stat.S_ISCHR((root / "dev/sub/mine").stat().st_mode)


@apart
def test_devpts_is_kept_to_open_terminals_of(root: Path) -> None:
    pts = {"destination": "/dev/pts", "type": "devpts", "options": ["newinstance", "ptmxmode=0666", "mode=0620"]}
    made = tree(root, mapped=True)
    made.mount_all(config(DEV, pts))
    assert made.devpts is not None
    assert sorted(os.listdir(f"/proc/self/fd/{made.devpts}")) == ["ptmx"]


@apart
def test_paths_are_masked_and_read_only_after_all_mounts(root: Path) -> None:
    (root / "sys").mkdir()
    (root / "sys/secret").write_text("x")
    tree(root).mount_all({"linux": {"maskedPaths": ["/sys/secret", "/absent"], "readonlyPaths": ["/sys"]}})
    assert (root / "sys/secret").read_text() == ""
    with pytest.raises(OSError, match="Read-only"):
        (root / "sys/new").touch()


@pytest.mark.parametrize("name", ["", "net/ipv4/ip_forward", "net..ipv4", "../x", "a/../../x"])
def test_a_name_that_is_no_sysctl_is_refused(name: str) -> None:
    with pytest.raises(Failure, match="is not a valid name"):
        write_sysctls(os.open("/proc", os.O_PATH), {name: "1"})


@apart
def test_a_sysctl_is_written_and_one_that_is_not_there_refused() -> None:
    proc = os.open("/proc", os.O_PATH)
    write_sysctls(proc, {"net.ipv4.ip_forward": 1, "net.ipv4.ip_default_ttl": "77"})
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == "1\n"
    assert Path("/proc/sys/net/ipv4/ip_default_ttl").read_text() == "77\n"
    with pytest.raises(Failure, match=r"write sysctl key net\.nothing: open /proc/sys/net/nothing: No such file"):
        write_sysctls(proc, {"net.nothing": "1"})


def test_a_proc_whose_way_leads_elsewhere_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "sys").mkdir()
    (tmp_path / "target").write_text("mine")
    (tmp_path / "sys/net").symlink_to("../target")
    with pytest.raises(Failure, match="write sysctl key net"):
        write_sysctls(os.open(tmp_path, os.O_PATH), {"net": "1"})
    assert (tmp_path / "target").read_text() == "mine"
