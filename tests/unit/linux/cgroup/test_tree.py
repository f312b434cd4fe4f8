"""Directories of one hierarchy."""

import os
import threading
import time
from pathlib import Path

import pytest

from tests.unit.linux.apart import apart
from wherry.linux import mount
from wherry.linux.cgroup import tree
from wherry.linux.cgroup.layout import Hierarchy
from wherry.linux.errors import KernelError
from wherry.linux.syscalls import umount


def test_parents_are_made_and_nothing_is_made_twice(tmp_path: Path) -> None:
    hierarchy = Hierarchy(str(tmp_path), 1, frozenset(("freezer",)))
    tree.make(hierarchy, "/wherry-x/a/b")
    tree.make(hierarchy, "/wherry-x/a/b")
    assert (tmp_path / "wherry-x/a/b").is_dir()


def test_what_is_below_comes_deepest_first(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    assert [Path(place).name for place in tree.below(str(tmp_path))] == ["c", "b", "a"]
    assert list(tree.below(str(tmp_path / "gone"))) == []


def test_processes_of_all_below_are_listed_once_and_those_out_of_sight_are_not(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "cgroup.procs").write_text("0\n17\n")
    (tmp_path / "a/cgroup.procs").write_text("17\n18\n")
    assert tree.processes(str(tmp_path)) == [17, 18]


def test_removing_what_is_gone_is_done(tmp_path: Path) -> None:
    tree.remove(str(tmp_path / "gone"), time.monotonic())


@apart
def test_what_is_busy_though_nobody_is_seen_there_is_waited_for(tmp_path: Path) -> None:
    """As a cgroup whose last process still gives back its memory; here something is mounted on it."""
    (place := tmp_path / "one").mkdir()
    tree_of_mount = mount.create("tmpfs")
    mount.move_to_path(tree_of_mount, str(place))
    os.close(tree_of_mount)
    threading.Timer(0.3, umount, (str(place), 0)).start()
    tree.remove(str(place), time.monotonic())
    assert not place.exists()


@apart
def test_what_somebody_lives_in_is_not_waited_for(tmp_path: Path) -> None:
    (place := tmp_path / "one").mkdir()
    tree_of_mount = mount.create("tmpfs")
    mount.move_to_path(tree_of_mount, str(place))
    os.close(tree_of_mount)
    (place / "cgroup.procs").write_text("17\n")
    with pytest.raises(KernelError, match=r"remove cgroup with processes \[17\]"):
        tree.remove(str(place), time.monotonic())


def test_controllers_are_enabled_from_the_root_down(tmp_path: Path) -> None:
    (tmp_path / "wherry-x/one").mkdir(parents=True)
    for place in (tmp_path, tmp_path / "wherry-x"):
        (place / "cgroup.subtree_control").write_text("")
    tree.enable_controllers(Hierarchy(str(tmp_path), 2, frozenset(("memory", "blkio"))), "/wherry-x/one")
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+io +memory"
    assert (tmp_path / "wherry-x/cgroup.subtree_control").read_text() == "+io +memory"


def test_controllers_that_are_enabled_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/cgroup.controllers").write_text("memory\n")
    tree.enable_controllers(Hierarchy(str(tmp_path), 2, frozenset(("memory",))), "/one")
    assert not (tmp_path / "cgroup.subtree_control").exists()


def test_controllers_are_handed_down_whatever_is_said_of_them(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/cgroup.controllers").write_text("memory\n")
    (tmp_path / "cgroup.subtree_control").write_text("")
    tree.hand_down(Hierarchy(str(tmp_path), 2, frozenset(("memory",))), "/one")
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory"


def test_a_root_that_hands_nothing_down_is_named(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    with pytest.raises(KernelError, match=r"'\+io \+memory' to .*cgroup.subtree_control"):
        tree.enable_controllers(Hierarchy(str(tmp_path), 2, frozenset(("memory", "blkio"))), "/one")
