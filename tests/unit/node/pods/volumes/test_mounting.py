"""What is mounted where."""

from pathlib import Path

from wherry.node.pods.volumes.mounting import PlainMounter, mount_points

MOUNTS = r"""
22 1 8:1 / / rw - ext4 /dev/sda1 rw
30 22 0:30 / /pods/memory rw - tmpfs none rw
31 22 0:31 / /pods/u1/volumes/a rw - tmpfs none rw
32 31 0:32 / /pods/u1/volumes/a/in\040side rw - tmpfs none rw
33 22 0:33 / /pods/u10/volumes/a rw - tmpfs none rw
"""


def test_points_below_a_path_the_innermost_first(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    info = str(tmp_path / "mountinfo")
    assert mount_points(Path("/pods/u1"), info) == ["/pods/u1/volumes/a/in side", "/pods/u1/volumes/a"]
    assert mount_points(Path("/pods/memory"), info) == ["/pods/memory"]
    assert mount_points(Path("/nowhere"), info) == []


def test_where_nothing_can_be_mounted_it_is_a_directory(tmp_path: Path) -> None:
    PlainMounter().mount_memory(tmp_path, None, 0o700)
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    PlainMounter().unmount_below(tmp_path)
