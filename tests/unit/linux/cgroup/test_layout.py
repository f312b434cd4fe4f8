"""Layouts as real machines have them."""

from pathlib import Path

import pytest

from wherry.linux.cgroup.layout import Hierarchy, Layout, Mode, layout, parse_mountinfo

HYBRID = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/net_cls,net_prio rw,relatime - cgroup cgroup rw,net_cls,net_prio
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
"""
UNIFIED_BESIDE = "41 31 0:38 / {mount} rw,relatime - cgroup2 cgroup2 rw\n"


def with_unified(directory: Path, controllers: str, text: str = "") -> Path:
    """A mountinfo file whose version 2 is a directory with these controllers."""
    (directory / "cgroup.controllers").write_text(controllers)
    mountinfo = directory / "mountinfo"
    mountinfo.write_text(text + UNIFIED_BESIDE.format(mount=directory))
    return mountinfo


def test_a_machine_with_version_1_only_is_legacy(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(HYBRID)
    found = layout(str(tmp_path / "mountinfo"))
    assert found.mode is Mode.LEGACY
    assert found.unified is None
    assert not found.relies_on_unified


def test_controllers_mounted_together_are_one_hierarchy() -> None:
    legacy, unified = parse_mountinfo(HYBRID)
    assert legacy[0] == Hierarchy("/sys/fs/cgroup/cpu,cpuacct", 1, frozenset(("cpu", "cpuacct")))
    assert unified is None


def test_hierarchies_without_limits_of_ours_are_left_alone() -> None:
    legacy, _ = parse_mountinfo(HYBRID)
    assert [h.target for h in legacy] == ["cpu,cpuacct", "cpuset", "memory", "systemd"]


def test_version_2_beside_version_1_is_hybrid(tmp_path: Path) -> None:
    text = HYBRID + "42 31 0:39 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n"
    text += "43 31 0:40 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
    found = layout(str(with_unified(tmp_path, "hugetlb rdma\n", text)))
    assert found.mode is Mode.HYBRID
    assert found.unified == Hierarchy(str(tmp_path), 2, frozenset(("hugetlb",)))
    assert not found.relies_on_unified


def test_a_hybrid_machine_with_limits_in_version_2_relies_on_it(tmp_path: Path) -> None:
    assert layout(str(with_unified(tmp_path, "memory pids io\n", HYBRID))).relies_on_unified


def test_version_2_alone_is_unified_and_io_is_known_as_blkio(tmp_path: Path) -> None:
    found = layout(str(with_unified(tmp_path, "cpuset cpu io memory hugetlb pids rdma misc\n")))
    assert found.mode is Mode.UNIFIED
    assert found.relies_on_unified
    blkio = found.find("blkio")
    assert blkio is not None and blkio.version == 2
    assert found.find("devices") is None


def test_a_hierarchy_mounted_twice_is_taken_below_sys() -> None:
    text = "30 1 0:32 / /mnt/memory rw - cgroup cgroup rw,memory\n" + HYBRID
    legacy, _ = parse_mountinfo(text)
    assert [h.mount for h in legacy if "memory" in h.controllers] == ["/sys/fs/cgroup/memory"]


def test_a_mount_over_another_hides_it() -> None:
    text = HYBRID + "50 31 0:50 / /sys/fs/cgroup/memory rw - tmpfs tmpfs rw\n"
    legacy, _ = parse_mountinfo(text)
    assert not any("memory" in h.controllers for h in legacy)


def test_a_mount_elsewhere_with_spaces_is_found() -> None:
    legacy, _ = parse_mountinfo("30 1 0:32 / /my\\040groups/memory rw - cgroup cgroup rw,memory\n")
    assert legacy[0].mount == "/my groups/memory"
    assert legacy[0].target == "memory"


@pytest.mark.parametrize("text", ["", "nonsense\n", "1 2 0:1 / / rw - ext4 /dev/vda rw\n"])
def test_a_machine_without_cgroups_has_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "mountinfo").write_text(text)
    assert layout(str(tmp_path / "mountinfo")) == Layout(Mode.LEGACY, (), None)
