"""What this machine is and can, read from files: the facts of ``docker info``."""

import os
import platform
from pathlib import Path

import msgspec

PROC = Path("/proc")


class CgroupSupport(msgspec.Struct, frozen=True):
    """Which limits the kernel's cgroups offer here. ``version`` is 1 or 2: where memory is controlled."""

    version: int
    memory: bool
    swap: bool
    oom_kill_disable: bool
    cpu_quota: bool
    cpu_shares: bool
    cpuset: bool
    pids: bool

    def warnings(self, forwarding: bool) -> list[str]:
        """What Docker's clients print below ``docker info``."""
        missing = [
            ("memory limit", self.memory),
            ("swap limit", self.swap),
            ("cpu cfs quota", self.cpu_quota),
            ("cpu cfs period", self.cpu_quota),
            ("cpu shares", self.cpu_shares),
            ("cpuset", self.cpuset),
            ("pids limit", self.pids),
        ]
        if self.version == 1:
            missing.append(("oom kill disable", self.oom_kill_disable))
        lines = [f"WARNING: No {what} support" for what, there in missing if not there]
        return lines if forwarding else [*lines, "WARNING: IPv4 forwarding is disabled"]


def cgroup_support() -> CgroupSupport:
    """From the mounted hierarchies: version 1 where a memory controller is mounted, else the unified one."""
    roots = _v1_roots()
    if "memory" not in roots:
        return _unified()

    def has(controller: str, file: str) -> bool:
        return controller in roots and (roots[controller] / file).exists()

    return CgroupSupport(
        version=1,
        memory=has("memory", "memory.limit_in_bytes"),
        swap=has("memory", "memory.memsw.limit_in_bytes"),
        oom_kill_disable=has("memory", "memory.oom_control"),
        cpu_quota=has("cpu", "cpu.cfs_quota_us"),
        cpu_shares=has("cpu", "cpu.shares"),
        cpuset=has("cpuset", "cpuset.cpus"),
        pids="pids" in roots,
    )


def _unified() -> CgroupSupport:
    controllers = read(Path("/sys/fs/cgroup/cgroup.controllers")).split()
    memory, cpu = "memory" in controllers, "cpu" in controllers
    swap = memory and PROC.joinpath("swaps").exists()  # absent when the kernel was built without swap
    return CgroupSupport(2, memory, swap, False, cpu, cpu, "cpuset" in controllers, "pids" in controllers)


def _v1_roots() -> dict[str, Path]:
    """Controller → mount point of its version 1 hierarchy (proc_pid_mounts(5))."""
    roots: dict[str, Path] = {}
    for line in read(PROC / "self/mounts").splitlines():
        _, where, kind, options, *_ = line.split(" ")
        if kind == "cgroup":
            roots |= dict.fromkeys(options.split(","), Path(where))
    return roots


def operating_system() -> tuple[str, str]:
    """PRETTY_NAME and VERSION_ID of os-release(5)."""
    values = dict(line.split("=", 1) for line in read(Path("/etc/os-release")).splitlines() if "=" in line)
    return values.get("PRETTY_NAME", "Linux").strip('"'), values.get("VERSION_ID", "").strip('"')


def memory_bytes() -> int:
    """All memory of the machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def forwards_ipv4() -> bool:
    return read(PROC / "sys/net/ipv4/ip_forward").strip() == "1"


def kernel() -> str:
    return platform.release()


def read(path: Path) -> str:
    """A file's text, empty when it cannot be read. Names in it may be of any bytes."""
    try:
        return path.read_text(errors="surrogateescape")
    except OSError:
        return ""
