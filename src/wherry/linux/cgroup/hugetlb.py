"""The hugetlb controller (Documentation/admin-guide/cgroup-v1/hugetlb.rst; cgroup-v2.rst, "HugeTLB")."""

from collections.abc import Iterable, Mapping
from errno import ENOENT
from typing import Any

from wherry.linux.cgroup.files import write
from wherry.linux.errors import KernelError


def limit_v1(directory: str, limits: Iterable[Mapping[str, Any]]) -> None:
    _limit(directory, limits, "limit_in_bytes")


def limit_v2(directory: str, limits: Iterable[Mapping[str, Any]]) -> None:
    _limit(directory, limits, "max")


def _limit(directory: str, limits: Iterable[Mapping[str, Any]], suffix: str) -> None:
    """Pages in use and (Linux 5.7) reserved ones: else a process dies by SIGBUS where its mmap should fail."""
    for entry in limits:
        write(directory, f"hugetlb.{entry['pageSize']}.{suffix}", entry["limit"])
        try:
            write(directory, f"hugetlb.{entry['pageSize']}.rsvd.{suffix}", entry["limit"])
        except KernelError as error:
            if error.errno != ENOENT:
                raise
