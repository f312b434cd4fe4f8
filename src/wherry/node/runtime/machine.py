"""What pods must know of this machine: read when it is asked for."""

import os
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from wherry.linux.capabilities import names
from wherry.node.pods.options import NOTHING, Reserved
from wherry.node.runtime.requests import Machine

_MAY_RAISE = "CAP_SYS_RESOURCE"


def this_machine(reserved: Reserved = NOTHING, *, has_ipv6: bool = False) -> Machine:
    return Machine(
        read=read,
        is_shared=is_shared,
        least_oom_score_adj=least_oom_score_adj(),
        processors=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        reserved=reserved,
        has_ipv6=has_ipv6,
    )


def read(path: str) -> str:
    """A file of the host; empty when it cannot be read."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def is_shared(path: str) -> bool:
    """Whether the mount that ``path`` lies on is shared with others (proc_pid_mountinfo(5): ``shared:N``)."""
    return shared_in(read("/proc/self/mountinfo"), os.path.realpath(path))


def shared_in(mountinfo: str, path: str) -> bool:
    """Pure. Of the mounts that ``path`` lies below, the longest; of those at one place, the last."""
    best, shared = "", False
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        point = fields[4] if len(fields) > 4 else ""
        lies_below = point == "/" or path == point or path.startswith(f"{point}/")
        if point and lies_below and len(point) >= len(best):
            best, shared = point, any(field.startswith("shared:") for field in fields[6 : fields.index("-")])
    return shared


def maps_memory() -> bool:
    """Whether mounts of a tmpfs can be id-mapped (Linux 6.3). Else what the agent keeps in memory (secrets, projected
    volumes) is nobody's in a pod with ids of its own, and can be read there only if everybody may."""
    return _release(os.uname().release) >= (6, 3)


def _release(text: str) -> tuple[int, int]:
    """``6.1.0-56-cloud-amd64``: the first two numbers."""
    major, _, rest = text.partition(".")
    minor = "".join(takewhile(str.isdigit, rest))
    return int(major), int(minor or 0)


@lru_cache(maxsize=1)
def least_oom_score_adj() -> int:
    """Without CAP_SYS_RESOURCE, what our children have at least: our own (proc_pid_oom_score_adj(5)); containerd does
    the same (restrict_oom_score_adj)."""
    status = dict(line.split(":\t", 1) for line in read("/proc/self/status").splitlines() if ":\t" in line)
    if _MAY_RAISE in names(int(status.get("CapEff", "0"), 16)):
        return -1000
    return int(read("/proc/self/oom_score_adj").strip() or 0)
