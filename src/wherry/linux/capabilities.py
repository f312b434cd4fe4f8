"""Capabilities by name: which ones there are, which ones we may give, how a process keeps just some (capabilities(7)).

Everything is ready at import, because these run between the change of root and the execve, where nothing may be loaded.
"""

import ctypes
import errno
import struct
from collections.abc import Collection
from typing import Final

from wherry.linux.errors import KernelError
from wherry.linux.syscalls import prctl

# In the order of their numbers: include/uapi/linux/capability.h.
_NAMES = """
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
"""
ALL: Final[dict[str, int]] = {f"CAP_{name}": number for number, name in enumerate(_NAMES.split())}

# What Docker gives a container that asks for nothing (moby, daemon/pkg/oci/caps/defaults.go).
DEFAULT: Final[tuple[str, ...]] = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
)

_PR_CAPBSET_READ, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT = 23, 24, 47  # include/uapi/linux/prctl.h
_AMBIENT_RAISE, _AMBIENT_CLEAR_ALL = 2, 4
_VERSION_3 = 0x20080522  # two words a set: include/uapi/linux/capability.h
_LAST_POSSIBLE = 63

_libc = ctypes.CDLL(None, use_errno=True)
_capset = _libc.capset
_capget = _libc.capget


def bounding() -> frozenset[str]:
    """The names in this process's bounding set: what ``--privileged`` can mean on this machine."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("CapBnd:"):
                return names(int(line.split()[1], 16))
    raise KernelError(errno.ENODATA, "read the bounding set", "/proc/self/status")


def names(mask: int) -> frozenset[str]:
    """The names in a set as /proc shows it; numbers newer than ``ALL`` are left out."""
    return frozenset(name for name, number in ALL.items() if mask >> number & 1)


def mask_of(wanted: Collection[str]) -> int:
    """The set as a number. A name that is none raises ValueError."""
    unknown = sorted(set(wanted) - ALL.keys())
    if unknown:
        raise ValueError(f"unknown capability {unknown[0]}: names are as in capabilities(7), such as CAP_NET_ADMIN")
    mask = 0
    for name in wanted:
        mask |= 1 << ALL[name]
    return mask


def drop_bounding(keep: Collection[str]) -> None:
    """Take all but ``keep`` from the bounding set, also capabilities newer than this program; needs CAP_SETPCAP.

    What is already absent stays absent: a set is only ever made smaller.
    """
    kept = mask_of(keep)
    for number in range(_LAST_POSSIBLE + 1):
        try:
            present = prctl(_PR_CAPBSET_READ, number, step="read the bounding set")
        except KernelError as error:
            if error.errno == errno.EINVAL:
                return  # beyond the kernel's last
            raise
        if present and not kept >> number & 1:
            prctl(_PR_CAPBSET_DROP, number, step=f"drop capability {number} from the bounding set")


def set_capabilities(
    effective: Collection[str], permitted: Collection[str], inheritable: Collection[str], ambient: Collection[str]
) -> None:
    """capset(2), then the ambient set, whose members must be permitted and inheritable (PR_CAP_AMBIENT in prctl(2)).

    Comes after the change of user, for which the permitted set was kept by PR_SET_KEEPCAPS. A capability this process
    does not have raises KernelError that names it.
    """
    sets = mask_of(effective), mask_of(permitted), mask_of(inheritable)
    header = struct.pack("Ii", _VERSION_3, 0)
    low, high = [mask & 0xFFFFFFFF for mask in sets], [mask >> 32 for mask in sets]
    if _capset(header, struct.pack("6I", *low, *high)) < 0:
        number = ctypes.get_errno()
        raise KernelError(number, f"set capabilities{_missing(sets[1])}")
    prctl(_PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL, step="clear ambient capabilities")
    for name in ambient:
        prctl(_PR_CAP_AMBIENT, _AMBIENT_RAISE, ALL[name], step=f"raise ambient capability {name}")


def _missing(permitted: int) -> str:
    data = ctypes.create_string_buffer(24)
    _capget(struct.pack("Ii", _VERSION_3, 0), data)
    words = struct.unpack("6I", data.raw)
    lacking = sorted(names(permitted & ~(words[1] | words[4] << 32)))
    return f" (this process lacks {', '.join(lacking)})" if lacking else ""
