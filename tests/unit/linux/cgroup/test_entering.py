"""Which files a process is moved by, on directories in place of hierarchies."""

from pathlib import Path

import pytest

from wherry.linux.cgroup import Hierarchy, Layout, Mode, entering
from wherry.linux.errors import KernelError


@pytest.fixture
def hybrid(tmp_path: Path) -> Layout:
    legacy = []
    for names in (("memory",), ("devices", "freezer")):
        directory = tmp_path / ",".join(names) / "one"
        directory.mkdir(parents=True)
        for name in ("tasks", "cgroup.procs"):
            (directory / name).write_text("")
        legacy.append(Hierarchy(str(directory.parent), 1, frozenset(names)))
    unified = tmp_path / "unified/one"
    unified.mkdir(parents=True)
    (unified / "cgroup.procs").write_text("")
    return Layout(Mode.HYBRID, tuple(legacy), Hierarchy(str(unified.parent), 2, frozenset(("hugetlb",))))


def written(tmp_path: Path) -> dict[str, str]:
    found = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.glob("*/one/*")}
    return {name: text for name, text in found.items() if text}


def test_a_process_moves_itself_by_the_quick_files(hybrid: Layout, tmp_path: Path) -> None:
    entering.enter(hybrid, "/one")
    assert written(tmp_path) == {"memory/one/tasks": "0", "devices,freezer/one/tasks": "0"}


def test_another_process_is_moved_with_its_threads(hybrid: Layout, tmp_path: Path) -> None:
    entering.move(hybrid, "/one", 17)
    assert set(written(tmp_path).values()) == {"17"}
    assert len(written(tmp_path)) == 3
    assert all(name.endswith("cgroup.procs") for name in written(tmp_path))


def test_version_2_is_entered_once_it_has_a_limit(hybrid: Layout, tmp_path: Path) -> None:
    assert f"{tmp_path}/unified/one/cgroup.procs" not in entering.files(hybrid, "/one")
    (tmp_path / "unified/one/cgroup.controllers").write_text("hugetlb\n")
    assert f"{tmp_path}/unified/one/cgroup.procs" in entering.files(hybrid, "/one")


def test_a_cgroup_that_is_gone_is_named(hybrid: Layout) -> None:
    with pytest.raises(KernelError, match="gone/tasks"):
        entering.enter(hybrid, "/gone")
