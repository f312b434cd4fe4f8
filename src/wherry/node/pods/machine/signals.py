"""What a node can be short of (pkg/kubelet/eviction/api/types.go): signals, and what they are measured by. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from wherry.node.pods.machine.facts import Measures

MEMORY, DISK, PIDS = "MemoryPressure", "DiskPressure", "PIDPressure"


@dataclass(frozen=True, slots=True)
class Signal:
    """``condition`` holds when it is short; ``resource``: what pods take of it. ``left`` and ``whole``: in bytes or
    pieces."""

    condition: str
    resource: str
    left: Callable[[Measures], int]
    whole: Callable[[Measures], int]

    @property
    def is_bytes(self) -> bool:
        return self.resource in ("memory", "ephemeral-storage")


_ROOM = Signal(DISK, "ephemeral-storage", lambda it: it.storage_available_bytes, lambda it: it.storage_bytes)
_INODES = Signal(DISK, "inodes", lambda it: it.inodes_free, lambda it: it.inodes)
SIGNALS = {
    "memory.available": Signal(MEMORY, "memory", lambda it: it.memory_available_bytes, lambda it: it.memory_bytes),
    "nodefs.available": _ROOM,
    "imagefs.available": _ROOM,
    "nodefs.inodesFree": _INODES,
    "imagefs.inodesFree": _INODES,
    "pid.available": Signal(PIDS, "pids", lambda it: it.pids_limit - it.pids, lambda it: it.pids_limit),
}
"""Images, what containers write and the volumes of pods are below the instance's directory: one file system."""
