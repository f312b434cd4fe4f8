"""Processors and memory nodes."""

from pathlib import Path

from tests.unit.linux.cgroup.conftest import MakeFiles
from wherry.linux.cgroup import cpuset


def test_lists_are_written_as_they_are(control: MakeFiles, tmp_path: Path) -> None:
    cpuset.limit(control("cpuset.cpus", "cpuset.mems"), {"cpus": "0-2,5", "mems": ""})
    assert (tmp_path / "cpuset.cpus").read_text() == "0-2,5"
    assert (tmp_path / "cpuset.mems").read_text() == ""


def test_a_new_cpuset_takes_what_its_parent_has_and_keeps_what_it_has(tmp_path: Path) -> None:
    parent, child = tmp_path, tmp_path / "child"
    child.mkdir()
    (parent / "cpuset.cpus").write_text("0-3\n")
    (parent / "cpuset.mems").write_text("0\n")
    (child / "cpuset.cpus").write_text("1\n")
    for name in ("cpuset.mems", "cgroup.clone_children"):
        (child / name).write_text("")
    cpuset.initialise_v1(str(parent), str(child))
    assert (child / "cpuset.cpus").read_text() == "1\n"
    assert (child / "cpuset.mems").read_text() == "0"
    assert (child / "cgroup.clone_children").read_text() == "1"
