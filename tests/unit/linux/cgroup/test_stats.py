"""Figures derived from others."""

from wherry.linux.cgroup.stats import MemoryStats


def test_the_working_set_is_what_cannot_be_dropped_at_once() -> None:
    assert MemoryStats(usage_bytes=100, detail={"inactive_file": 30}).working_set_bytes == 70
    assert MemoryStats(usage_bytes=100, detail={"inactive_file": 0, "total_inactive_file": 40}).working_set_bytes == 60
    assert MemoryStats(usage_bytes=10, detail={"inactive_file": 30}).working_set_bytes == 0
