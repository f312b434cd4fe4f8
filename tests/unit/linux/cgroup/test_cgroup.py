"""What a cgroup asks of which hierarchy, on directories in place of hierarchies."""

from pathlib import Path

import pytest

from wherry.linux.cgroup import Cgroup, Hierarchy, Layout, Mode
from wherry.linux.errors import KernelError


@pytest.fixture
def hybrid(tmp_path: Path) -> Layout:
    legacy = tuple(
        Hierarchy(str(tmp_path / name), 1, frozenset(name.split(",")))
        for name in ("cpu,cpuacct", "memory", "devices", "freezer")
    )
    for hierarchy in legacy:
        Path(hierarchy.mount).mkdir()
    (tmp_path / "unified").mkdir()
    return Layout(Mode.HYBRID, legacy, Hierarchy(str(tmp_path / "unified"), 2, frozenset(("hugetlb",))))


@pytest.mark.parametrize("path", ["", "/", "relative", "/../x", "/a/../../b", "/a//b", "/a/.", "/a/", "/a\0"])
def test_a_path_that_could_lead_elsewhere_is_refused(hybrid: Layout, path: str) -> None:
    with pytest.raises(ValueError, match="cgroup path"):
        Cgroup.at(path, hybrid)


def test_it_is_made_in_every_hierarchy(hybrid: Layout, tmp_path: Path) -> None:
    Cgroup.at("/wherry-x/one", hybrid).create()
    made = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/wherry-x/one"))
    assert made == [f"{name}/wherry-x/one" for name in ("cpu,cpuacct", "devices", "freezer", "memory", "unified")]


def test_each_limit_goes_to_its_controller(hybrid: Layout, tmp_path: Path) -> None:
    group = Cgroup.at("/one", hybrid)
    group.create()
    shares, pages = tmp_path / "cpu,cpuacct/one/cpu.shares", tmp_path / "unified/one/hugetlb.2MB.max"
    for path in (shares, pages):
        path.write_text("")
    group.apply({"cpu": {"shares": 512}, "hugepageLimits": [{"pageSize": "2MB", "limit": 0}]})
    assert shares.read_text() == "512"
    assert pages.read_text() == "0"


def test_for_a_limit_without_its_file_controllers_are_enabled_though_they_are_named(
    hybrid: Layout, tmp_path: Path
) -> None:
    group, control = Cgroup.at("/one", hybrid), tmp_path / "unified/cgroup.subtree_control"
    group.create()
    (tmp_path / "unified/one/cgroup.controllers").write_text("hugetlb\n")
    control.write_text("")
    with pytest.raises(KernelError, match=r"hugetlb\.2MB\.max"):  # it never comes, here
        group.apply({"hugepageLimits": [{"pageSize": "2MB", "limit": 5}]})
    assert control.read_text() == "+hugetlb"


@pytest.mark.parametrize(
    "resources, message",
    [
        ({"cpu": {"cpus": "0"}}, "without a cgroup controller cpuset"),
        ({"pids": {"limit": 5}}, "without a cgroup controller pids"),
        ({"network": {"classID": 5}}, "limit network"),
        ({"unified": {"../escape": "1"}}, "no control file"),
    ],
)
def test_what_cannot_be_limited_is_refused(hybrid: Layout, resources: dict[str, object], message: str) -> None:
    with pytest.raises(KernelError, match=message):
        Cgroup.at("/one", hybrid).apply(resources)


def test_empty_resources_ask_for_nothing(hybrid: Layout) -> None:
    Cgroup.at("/one", hybrid).apply({"cpu": {}, "memory": {}, "pids": None, "devices": [], "network": {}})


def test_controllers_mounted_together_are_shown_under_each_name(hybrid: Layout, tmp_path: Path) -> None:
    mounts = Cgroup.at("/one", hybrid).mounts()
    together = str(tmp_path / "cpu,cpuacct/one")
    assert [mount for mount in mounts if mount[1] == together] == [
        ("cpu,cpuacct", together),
        ("cpu", together),
        ("cpuacct", together),
    ]


def test_version_2_alone_is_shown_as_one_mount() -> None:
    layout = Layout(Mode.UNIFIED, (), Hierarchy("/sys/fs/cgroup", 2, frozenset(("memory",))))
    assert Cgroup.at("/wherry-x/one", layout).mounts() == [("", "/sys/fs/cgroup/wherry-x/one")]


def test_deleting_what_is_gone_is_done(hybrid: Layout) -> None:
    group = Cgroup.at("/one", hybrid)
    group.delete()
    assert not group.exists()
    assert group.pids() == []
    assert group.oom_kills() == 0
    assert group.stats().memory.usage_bytes == 0
