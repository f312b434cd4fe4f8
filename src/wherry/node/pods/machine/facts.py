"""What the machine is, and how much of it is left."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_PAGE_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Hardware:
    """Does not change while the machine runs."""

    cpus: int
    memory_bytes: int
    storage_bytes: int
    architecture: str = "amd64"
    kernel: str = ""
    os_image: str = ""
    machine_id: str = ""
    boot_id: str = ""
    system_uuid: str = ""
    swap_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Measures:
    """At one moment. ``pids``: tasks there are, and may be. ``memory_bytes``: all there is."""

    memory_available_bytes: int
    storage_available_bytes: int
    storage_bytes: int
    inodes_free: int
    inodes: int
    pids: int
    pids_limit: int
    memory_bytes: int = 0


class Machine(Protocol):
    """Answers at once; raises OSError."""

    def hardware(self) -> Hardware: ...

    def measure(self) -> Measures: ...


class ThisMachine:
    """``directory`` is on the file system that counts."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def hardware(self) -> Hardware:
        disk, memory = os.statvfs(self._directory), _memory()
        return Hardware(
            cpus=os.cpu_count() or 1,
            memory_bytes=memory["MemTotal"],
            storage_bytes=disk.f_frsize * disk.f_blocks,
            architecture=_ARCHITECTURES.get(platform.machine(), platform.machine()),
            kernel=platform.release(),
            os_image=_os_name(),
            machine_id=_line("/etc/machine-id"),
            boot_id=_line("/proc/sys/kernel/random/boot_id"),
            system_uuid=_line("/sys/class/dmi/id/product_uuid") or _line("/etc/machine-id"),
            swap_bytes=memory.get("SwapTotal", 0),
        )

    def measure(self) -> Measures:
        disk = os.statvfs(self._directory)
        tasks = _line("/proc/loadavg").split(" ")[3].partition("/")[2]
        limits = (int(_line(f"/proc/sys/kernel/{name}") or 0) for name in ("pid_max", "threads-max"))
        memory = _memory()
        return Measures(
            memory_available_bytes=memory["MemAvailable"],
            memory_bytes=memory["MemTotal"],
            storage_available_bytes=disk.f_frsize * disk.f_bavail,
            storage_bytes=disk.f_frsize * disk.f_blocks,
            inodes_free=disk.f_favail,
            inodes=disk.f_files,
            pids=int(tasks),
            pids_limit=min(limits),
        )


@dataclass(frozen=True, slots=True)
class ImaginedMachine:
    """Of a simulated node: large, and never full."""

    cpus: int = 32
    memory_bytes: int = 256 << 30
    storage_bytes: int = 1 << 40

    def hardware(self) -> Hardware:
        return Hardware(self.cpus, self.memory_bytes, self.storage_bytes, os_image="simulated", kernel="simulated")

    def measure(self) -> Measures:
        room = self.storage_bytes
        return Measures(self.memory_bytes, room, room, 1 << 24, 1 << 24, 0, 1 << 22, self.memory_bytes)


def _memory() -> dict[str, int]:
    """In bytes (proc_meminfo(5))."""
    with open("/proc/meminfo", encoding="ascii") as file:
        fields = (line.split() for line in file)
        return {each[0].rstrip(":"): int(each[1]) * _PAGE_BYTES for each in fields if len(each) > 1}


def _line(path: str) -> str:
    """Empty when it cannot be read: not every machine has everything."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"
