"""The pids controller (Documentation/admin-guide/cgroup-v1/pids.rst; the same files in both versions)."""

from collections.abc import Mapping
from typing import Any

from wherry.linux.cgroup.files import number, read_or, write
from wherry.linux.cgroup.stats import PidsStats


def limit(directory: str, pids: Mapping[str, Any]) -> None:
    """At most ``limit`` tasks; 0 and less is unlimited, as for ``docker run --pids-limit``."""
    if (most := pids.get("limit")) is not None:
        write(directory, "pids.max", most if most > 0 else "max")


def stats(directory: str) -> PidsStats:
    most = number(read_or(directory, "pids.max"), -1)
    return PidsStats(number(read_or(directory, "pids.current")), None if most < 0 else most)
