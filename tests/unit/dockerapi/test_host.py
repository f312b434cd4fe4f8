"""Facts of the machine, and what is said when something is missing."""

from pathlib import Path

from msgspec.structs import replace

from wherry.dockerapi.host import CgroupSupport, cgroup_support, memory_bytes, operating_system, read

FULL = CgroupSupport(1, *[True] * 7)


def test_a_machine_that_has_everything_is_not_complained_of() -> None:
    assert FULL.warnings(forwarding=True) == []


def test_what_is_missing_is_named() -> None:
    lines = replace(FULL, swap=False, pids=False).warnings(forwarding=False)
    assert lines == [
        "WARNING: No swap limit support",
        "WARNING: No pids limit support",
        "WARNING: IPv4 forwarding is disabled",
    ]


def test_version_2_has_no_oom_kill_switch_to_miss() -> None:
    assert replace(FULL, version=2, oom_kill_disable=False).warnings(forwarding=True) == []


def test_this_machine_is_read() -> None:
    assert cgroup_support().version in (1, 2)
    assert memory_bytes() > 1 << 20
    assert operating_system()[0]


def test_names_in_a_file_may_be_of_any_bytes(tmp_path: Path) -> None:
    """As the places where something is mounted."""
    (tmp_path / "mounts").write_bytes(b"cgroup /m\xff cgroup rw,cpu 0 0\n")
    assert read(tmp_path / "mounts").endswith(" cgroup rw,cpu 0 0\n")
    assert read(tmp_path / "absent") == ""
