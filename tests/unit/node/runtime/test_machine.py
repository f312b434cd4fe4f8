"""What is read of this machine."""

from pathlib import Path

import pytest

from wherry.node.runtime.machine import (
    _release,
    is_shared,
    least_oom_score_adj,
    maps_memory,
    read,
    shared_in,
    this_machine,
)

MOUNTINFO = """22 1 0:21 / / rw shared:1 - ext4 x rw
23 22 0:5 / /srv rw - ext4 x rw
24 23 0:6 / /srv/a rw shared:7 master:1 - ext4 y rw
25 24 0:6 / /srv/a rw - tmpfs over rw
26 22 0:7 / /srv/ab rw master:3 - ext4 z rw
"""


@pytest.mark.parametrize(
    ("path", "shared"),
    [("/", True), ("/etc/x", True), ("/srv", False), ("/srv/x", False), ("/srv/a", False), ("/srv/abc", False)],
)
def test_the_mount_that_a_path_lies_on_counts(path: str, shared: bool) -> None:
    assert shared_in(MOUNTINFO, path) is shared
    assert shared_in(MOUNTINFO.replace("25 24", "25 24").rsplit("25 24", 1)[0], "/srv/a/b")


def test_of_a_file_that_cannot_be_read_there_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert read(str(tmp_path / "file")) == "x"
    assert read(str(tmp_path / "absent")) == ""


def test_this_machine_has_what_is_needed() -> None:
    facts = this_machine()
    assert facts.processors >= 1
    assert -1000 <= least_oom_score_adj() <= 1000
    assert facts.least_oom_score_adj == least_oom_score_adj()
    assert is_shared("/proc") in (True, False)


RELEASES = [("6.1.0-56-cloud-amd64", (6, 1)), ("6.18.44-fc", (6, 18)), ("7.0", (7, 0)), ("6.3-rc1", (6, 3))]


@pytest.mark.parametrize(("text", "release"), RELEASES)
def test_releases_are_told_apart(text: str, release: tuple[int, int]) -> None:
    assert _release(text) == release
    assert maps_memory() in (True, False)
