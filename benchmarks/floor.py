"""The floor: the least that starting a container takes of the kernel, by ctypes alone, in a small process of its own.

Every namespace a container with ``--network none`` has, its user namespace included; the layer id-mapped, an overlay
above it; /proc, /sys and /dev; a new root; execve(2); and the wait for the end. No cgroup, no seccomp filter, no
capability is dropped, no stream or log is kept, nobody is asked or told.

Run as ``floor.py LAYER SCRATCH``: for each line that comes in, one start; its milliseconds go out. Linux on x86-64 or
arm64 only.
"""

import ctypes
import os
import platform
import shutil
import signal
import socket
import struct
import sys
import time
from typing import NoReturn

# include/uapi/linux/{sched,mount}.h; the numbers of system calls above 424 are the same everywhere.
_NAMESPACES = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000
_NEWNS = 0x20000
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_CLONE, _PIVOT_ROOT = {"x86_64": (56, 155), "aarch64": (220, 41)}.get(platform.machine(), (0, 0))
_CLONE_TREE, _EMPTY_PATH, _FROM_EMPTY, _IDMAP = 1, 0x1000, 4, 0x100000
_NOSUID, _NODEV, _NOEXEC, _REC, _PRIVATE, _DETACH = 2, 4, 8, 16384, 1 << 18, 2
_AT_FDCWD = -100
_FIRST_ID = 3_000_000_000  # far from what the engine under measure hands out

_libc = ctypes.CDLL(None, use_errno=True)
_clone = ctypes.PyDLL(None, use_errno=True).syscall


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _call(number: int, *arguments: int | bytes) -> int:
    values = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *values), f"system call {number}")


def _mount(kind: str, target: str, flags: int = 0, options: str = "") -> None:
    result = _libc.mount(kind.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _checked(result, f"mount {kind} on {target}")


def _clone_tree(path: str) -> int:
    return _call(_OPEN_TREE, _AT_FDCWD, path.encode(), _CLONE_TREE | os.O_CLOEXEC)


def _move_mount(tree: int, target: str) -> None:
    _call(_MOVE_MOUNT, tree, b"", _AT_FDCWD, target.encode(), _FROM_EMPTY)
    os.close(tree)


def prepare(scratch: str) -> None:
    """A mount namespace of our own, and directories."""
    _checked(_libc.unshare(_NEWNS), "unshare")
    _checked(_libc.mount(None, b"/", None, ctypes.c_ulong(_REC | _PRIVATE), None), "make mounts private")
    for name in ("lower", "merged", "root"):
        os.mkdir(f"{scratch}/{name}")


def start(layer: str, scratch: str) -> int:
    """Start /bin/true in a container of ``layer`` and wait for its end; its exit code."""
    ours, theirs = socket.socketpair()
    pid = _clone(ctypes.c_long(_CLONE), ctypes.c_ulong(_NAMESPACES | signal.SIGCHLD), None, None, None, None)
    if _checked(pid, "clone") == 0:
        _become(theirs, scratch)
    theirs.close()
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/{pid}/{name}", "w") as file:
            file.write(f"0 {_FIRST_ID} 65536\n")
    root = _overlay(pid, layer, scratch)
    socket.send_fds(ours, [b"!"], [root])
    os.close(root)
    _, status = os.waitpid(pid, 0)
    ours.close()
    return os.waitstatus_to_exitcode(status)


def _overlay(pid: int, layer: str, scratch: str) -> int:
    """A detached overlay on ``layer`` with the ids of ``pid``'s user namespace."""
    for name in ("upper", "work"):
        os.mkdir(f"{scratch}/{name}")
        os.chown(f"{scratch}/{name}", _FIRST_ID, _FIRST_ID)
    userns = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    lower = _clone_tree(layer)
    attributes = struct.pack("QQQQ", _IDMAP, 0, 0, userns)
    _call(_MOUNT_SETATTR, lower, b"", _EMPTY_PATH, attributes, len(attributes))
    os.close(userns)
    _move_mount(lower, f"{scratch}/lower")
    options = f"lowerdir={scratch}/lower,upperdir={scratch}/upper,workdir={scratch}/work"
    _mount("overlay", f"{scratch}/merged", 0, options)
    root = _clone_tree(f"{scratch}/merged")
    for name in ("merged", "lower"):
        _checked(_libc.umount2(f"{scratch}/{name}".encode(), _DETACH), "umount")
    return root


def _become(control: socket.socket, scratch: str) -> NoReturn:
    try:
        _, fds, _, _ = socket.recv_fds(control, 1, 1)
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        _move_mount(fds[0], f"{scratch}/root")
        os.chdir(f"{scratch}/root")
        _mount("proc", "proc", _NOSUID | _NODEV | _NOEXEC)
        _mount("sysfs", "sys", _NOSUID | _NODEV | _NOEXEC)
        _mount("tmpfs", "dev", _NOSUID, "mode=755,size=64k")
        _call(_PIVOT_ROOT, b".", b".")
        _checked(_libc.umount2(b".", _DETACH), "umount the old root")
        os.chdir("/")
        os.execv("/bin/true", ["true"])
    except OSError as error:
        os.write(2, f"floor: {error}\n".encode())
    finally:
        os._exit(127)


def main(layer: str, scratch: str) -> int:
    prepare(scratch)
    for _ in sys.stdin:
        begin = time.perf_counter()
        code = start(layer, scratch)
        elapsed = time.perf_counter() - begin
        if code:
            return code
        for name in ("upper", "work"):
            shutil.rmtree(f"{scratch}/{name}")
        print(elapsed * 1000, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
