"""Cgroups that sandboxes have or had."""

from pathlib import Path

from wherry.engine.sandboxes.groups import strangers, there
from wherry.linux.cgroup import Hierarchy, Layout, Mode


def test_all_hierarchies_are_looked_at(tmp_path: Path) -> None:
    for path in ("memory/w/kubepods/burstable/pod1", "cpu/w/kubepods/burstable/pod2", "cpu/w/other/x/y"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "cpu/w/kubepods/burstable/tasks").touch()
    hierarchies = tuple(Hierarchy(str(tmp_path / name), 1, frozenset([name])) for name in ("memory", "cpu", "pids"))
    layout = Layout(Mode.LEGACY, hierarchies, None)
    assert there("/w", layout) == ["kubepods/burstable/pod1", "kubepods/burstable/pod2"]


def test_strangers_are_those_that_nobody_knows() -> None:
    assert strangers(["a", "b", "c"], ["b", "d"]) == ["a", "c"]
