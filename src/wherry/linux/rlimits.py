"""The limits of a process, as the OCI runtime specification writes them (config.md, "POSIX process", rlimits)."""

import errno
import resource
from collections.abc import Iterable, Mapping
from typing import Any, Final

from wherry.linux.errors import KernelError

# getrlimit(2); the specification's names are those of the constants.
RESOURCES: Final[dict[str, int]] = {
    name: getattr(resource, name)
    for name in (
        "RLIMIT_AS",
        "RLIMIT_CORE",
        "RLIMIT_CPU",
        "RLIMIT_DATA",
        "RLIMIT_FSIZE",
        "RLIMIT_MEMLOCK",
        "RLIMIT_MSGQUEUE",
        "RLIMIT_NICE",
        "RLIMIT_NOFILE",
        "RLIMIT_NPROC",
        "RLIMIT_RSS",
        "RLIMIT_RTPRIO",
        "RLIMIT_RTTIME",
        "RLIMIT_SIGPENDING",
        "RLIMIT_STACK",
    )
    if hasattr(resource, name)
} | {"RLIMIT_LOCKS": 10, "RLIMIT_RTTIME": 15}  # not in every Python; include/uapi/asm-generic/resource.h

_UNLIMITED = 0x7FFFFFFFFFFFFFFF  # what is larger was written by someone who meant "no limit" (2^64-1, or -1)


def apply(limits: Iterable[Mapping[str, Any]], pid: int = 0) -> None:
    """Set ``[{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 2048}, …]`` on ``pid`` (0: this process).

    A number below 0 or above 2^63-1 means unlimited. Raises KernelError that names the limit and what was asked for:
    EPERM where the hard limit would rise without CAP_SYS_RESOURCE, EINVAL for a soft limit above the hard one or a
    limit that does not exist.
    """
    for limit in limits:
        kind, soft, hard = str(limit.get("type")), limit.get("soft", 0), limit.get("hard", 0)
        step = f"set limit {kind} to {soft} (hard {hard})"
        if kind not in RESOURCES:
            raise KernelError(errno.EINVAL, f"{step}: no such limit")
        try:
            resource.prlimit(pid, RESOURCES[kind], (_number(soft), _number(hard)))
        except OSError as error:
            raise KernelError(error.errno or errno.EINVAL, step) from error
        except ValueError as error:  # how Python tells EINVAL
            raise KernelError(errno.EINVAL, f"{step}: {error}") from error


def _number(value: int) -> int:
    return resource.RLIM_INFINITY if value < 0 or value > _UNLIMITED else value
