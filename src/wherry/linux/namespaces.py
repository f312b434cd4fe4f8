"""Namespaces: flags, raw clone, id maps."""

import ctypes
import mmap
import os
import signal
from functools import lru_cache
from os import PathLike

from wherry.linux.errors import KernelError
from wherry.linux.processes import GONE
from wherry.linux.syscalls import NUMBERS

# include/uapi/linux/sched.h
CLONE_PARENT = 0x00008000
_CLONE_PARENT_SETTID = 0x00100000
FS = 0x00000200
NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000

# PyDLL keeps the interpreter lock: the child must find it held by the thread that it is.
_raw = ctypes.PyDLL(None, use_errno=True).syscall
_raw.restype = ctypes.c_long


class Note:
    """A number in memory that this process shares with those it forks from now on; 0 to begin with."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = ctypes.c_int.from_buffer(mmap.mmap(-1, mmap.PAGESIZE))

    @property
    def value(self) -> int:
        return self.number.value


def clone(flags: int, note: Note | None = None) -> int:
    """fork(2) into fresh namespaces: 0 in the child, its pid in the parent, and in ``note`` before the child begins:
    the kernel writes it, so it is there though the caller may be killed before it knows it (clone(2),
    CLONE_PARENT_SETTID).

    With CLONE_PARENT the child is the caller's sibling. The caller must be single-threaded: the interpreter's own
    after-fork work is left out, which only threads need.
    """
    number, place = NUMBERS["clone"], None
    if note is not None:
        note.number.value = 0  # the page is there: the kernel says nothing when it cannot write
        flags, place = flags | _CLONE_PARENT_SETTID, ctypes.byref(note.number)
    result: int = _raw(number, ctypes.c_ulong(flags | signal.SIGCHLD), None, place, None, ctypes.c_ulong(0))
    if result < 0:
        raise KernelError(ctypes.get_errno(), "fork into namespaces")
    return result


def write_id_maps(pid: int, first: int, count: int) -> None:
    """Map ids 0 … count - 1 of ``pid``'s user namespace to ``first`` … of ours (user_namespaces(7)); once only."""
    line = f"0 {first} {count}\n".encode()
    for name in ("uid_map", "gid_map"):
        path = f"/proc/{pid}/{name}"
        try:
            fd = os.open(path, os.O_WRONLY)
            try:
                os.write(fd, line)
            finally:
                os.close(fd)
        except OSError as error:
            raise KernelError(error.errno or 0, "map ids", path) from error


def open_namespace(pid: int, kind: str) -> int:
    """A descriptor of ``pid``'s namespace (``user``, ``net``, ``mnt`` …)."""
    path = f"/proc/{pid}/ns/{kind}"
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise KernelError(error.errno or 0, "open namespace", path) from error


def open_pinned(path: "PathLike[str]") -> int:
    """A descriptor of the namespace that is mounted on the file ``path``; KernelError ENOENT when none is.

    All namespaces are files of one file system (nsfs): whether one is mounted there is told by its device.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise KernelError(error.errno or 0, "open namespace", str(path)) from error
    if not is_namespace(fd):
        os.close(fd)
        raise KernelError(2, "open namespace", str(path))  # ENOENT
    return fd


def is_namespace(file: "int | str | PathLike[str]") -> bool:
    """Whether a file is a namespace: a process's own, or one mounted on it. False for what does not exist, and for a
    process's that has ended."""
    try:
        return os.stat(file).st_dev == _device()
    except GONE:
        return False


@lru_cache(maxsize=1)
def _device() -> int:
    """Of nsfs: there is one, as long as the machine runs."""
    return os.stat("/proc/self/ns/net").st_dev
