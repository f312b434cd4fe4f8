"""Limits of huge pages."""

from pathlib import Path

from tests.unit.linux.cgroup.conftest import MakeFiles
from wherry.linux.cgroup import hugetlb


def test_pages_in_use_and_reserved_are_limited(control: MakeFiles, tmp_path: Path) -> None:
    hugetlb.limit_v2(control("hugetlb.2MB.max", "hugetlb.2MB.rsvd.max"), [{"pageSize": "2MB", "limit": 4194304}])
    assert (tmp_path / "hugetlb.2MB.max").read_text() == "4194304"
    assert (tmp_path / "hugetlb.2MB.rsvd.max").read_text() == "4194304"


def test_a_kernel_that_counts_no_reservations_will_do(control: MakeFiles, tmp_path: Path) -> None:
    hugetlb.limit_v1(control("hugetlb.1GB.limit_in_bytes"), [{"pageSize": "1GB", "limit": 0}])
    assert (tmp_path / "hugetlb.1GB.limit_in_bytes").read_text() == "0"
