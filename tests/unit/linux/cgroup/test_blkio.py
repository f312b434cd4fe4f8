"""Weights and throttles of block devices in both versions' terms."""

from pathlib import Path

import pytest

from tests.unit.linux.cgroup.conftest import MakeFiles
from wherry.linux.cgroup import blkio
from wherry.linux.cgroup.stats import BlockEntry

DISK = {"major": 8, "minor": 0}


@pytest.mark.parametrize("value, expected", [(10, 1), (500, 4950), (1000, 10000)])
def test_the_ends_of_both_scales_meet(value: int, expected: int) -> None:
    assert blkio.weight(value) == expected


def test_version_1_writes_the_weight_that_the_scheduler_has(control: MakeFiles, tmp_path: Path) -> None:
    blkio.limit_v1(control("blkio.bfq.weight"), {"weight": 300})
    assert (tmp_path / "blkio.bfq.weight").read_text() == "300"


def test_version_1_throttles(control: MakeFiles, tmp_path: Path) -> None:
    name = "blkio.throttle.write_bps_device"
    blkio.limit_v1(control(name), {"throttleWriteBpsDevice": [{**DISK, "rate": 1048576}]})
    assert (tmp_path / name).read_text() == "8:0 1048576"


def test_version_2_prefers_bfq(control: MakeFiles, tmp_path: Path) -> None:
    blkio.limit_v2(control("io.bfq.weight", "io.weight"), {"weight": 300})
    assert (tmp_path / "io.bfq.weight").read_text() == "300"
    assert (tmp_path / "io.weight").read_text() == ""


def test_version_2_converts_to_io_weight(control: MakeFiles, tmp_path: Path) -> None:
    blkio.limit_v2(control("io.weight"), {"weight": 500})
    assert (tmp_path / "io.weight").read_text() == "default 4950"


def test_version_2_throttles(control: MakeFiles, tmp_path: Path) -> None:
    blkio.limit_v2(control("io.max"), {"throttleReadIOPSDevice": [{**DISK, "rate": 40}]})
    assert (tmp_path / "io.max").read_text() == "8:0 riops=40"


def test_figures_of_version_1(control: MakeFiles) -> None:
    directory = control(
        blkio__throttle__io_service_bytes_recursive="",
        **{"blkio__throttle__io_serviced_recursive": "8:0 Read 3\n8:0 Total 3\nTotal 3\n"},
    )
    assert blkio.stats_v1(directory).serviced == (BlockEntry(8, 0, "Read", 3), BlockEntry(8, 0, "Total", 3))


def test_figures_of_version_2(control: MakeFiles) -> None:
    stats = blkio.stats_v2(control(io__stat="254:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:0\n"))
    assert stats.service_bytes[:2] == (BlockEntry(254, 0, "read", 10), BlockEntry(254, 0, "write", 20))
    assert stats.serviced[1] == BlockEntry(254, 0, "write", 2)
