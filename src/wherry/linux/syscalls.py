"""System calls that the standard library does not offer (on Python 3.11), by ctypes.

Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux; from 424 on every
architecture uses the same ones. Everything is resolved at import, because after a change of root nothing may be loaded.
"""

import ctypes
import os

from wherry.linux.errors import KernelError

MACHINE = os.uname().machine
AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000

_OLD = {
    "x86_64": {
        "clone": 56, "setresuid": 117, "setresgid": 119, "pivot_root": 155, "keyctl": 250, "mknodat": 259,
        "syncfs": 306, "bpf": 321,
    },
    "aarch64": {
        "mknodat": 33, "pivot_root": 41, "setresuid": 147, "setresgid": 149, "keyctl": 219, "clone": 220,
        "syncfs": 267, "bpf": 280,
    },
}  # fmt: skip
_SINCE_424 = {
    "pidfd_send_signal": 424,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "pidfd_open": 434,
    "clone3": 435,
    "close_range": 436,
    "openat2": 437,
    "mount_setattr": 442,
}
NUMBERS: dict[str, int] = {**_OLD.get(MACHINE, {}), **_SINCE_424}

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
_setns = _libc.setns
_unshare = _libc.unshare
_mount = _libc.mount
_umount2 = _libc.umount2
_prctl = _libc.prctl
_sethostname = _libc.sethostname
_setdomainname = _libc.setdomainname

Argument = int | bytes | None | ctypes.Array[ctypes.c_char]


def call(name: str, step: str, path: str | None, *arguments: Argument) -> int:
    """Make a system call; a negative result raises KernelError. Integers are passed as 64 bit."""
    result: int = _syscall(NUMBERS[name], *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result < 0:
        raise KernelError(ctypes.get_errno(), step, path)
    return result


def _check(result: int, step: str, path: str | None = None) -> None:
    if result < 0:
        raise KernelError(ctypes.get_errno(), step, path)


def setns(fd: int, flags: int, step: str = "enter namespace") -> None:
    """setns(2); ``fd`` may be a pidfd (Linux 5.8), then ``flags`` may name several namespaces."""
    _check(_setns(fd, flags), step)


def unshare(flags: int) -> None:
    _check(_unshare(flags), "leave namespaces")


def umount(path: str, flags: int) -> None:
    _check(_umount2(os.fsencode(path), flags), "unmount", path)


def prctl(option: int, *values: int | bytes, step: str) -> int:
    arguments = [ctypes.c_ulong(v) if isinstance(v, int) else v for v in values]
    arguments += [ctypes.c_ulong(0)] * (4 - len(arguments))
    result: int = _prctl(option, *arguments)
    _check(result, step)
    return result


def sethostname(name: str) -> None:
    encoded = name.encode()
    _check(_sethostname(encoded, len(encoded)), "set host name", name)


def setdomainname(name: str) -> None:
    encoded = name.encode()
    _check(_setdomainname(encoded, len(encoded)), "set domain name", name)


def mount_overlay(target: str, options: str) -> None:
    """mount(2) of an overlay; used for its page of options, where fsconfig(2) takes 255 bytes a value."""
    result = _mount(b"overlay", os.fsencode(target), b"overlay", ctypes.c_ulong(0), os.fsencode(options))
    _check(result, f"mount overlay ({options})", target)
