"""What a process says of itself to the kernel: prctl(2), pidfds, descriptors, keyrings."""

import ctypes
import fcntl
import os
import socket
import struct

from wherry.linux.syscalls import call, prctl

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME, _PR_SET_KEEPCAPS = 1, 4, 15, 8
_PR_SET_NO_NEW_PRIVS = 38
_CLOSE_RANGE_CLOEXEC = 4
_KEYCTL_JOIN_SESSION_KEYRING = 1
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_LAST_FD = 0xFFFFFFFF

# What opening or reading a file of /proc/PID raises when the process has ended, or ends meanwhile: ENOENT; ESRCH; and
# EACCES by a link of one that is just gone (fs/proc/base.c: proc_fd_access_allowed; fs/proc/namespaces.c).
GONE = (FileNotFoundError, ProcessLookupError, PermissionError)

_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl does not


def set_parent_death_signal(signal: int) -> None:
    """Have ``signal`` sent to us when our parent ends. Changing user ids clears it (prctl(2))."""
    prctl(_PR_SET_PDEATHSIG, signal, step="set parent death signal")


def forbid_inspection() -> None:
    """Nobody but the real root may trace us or read our /proc files, also not a container whose namespaces we enter."""
    prctl(_PR_SET_DUMPABLE, 0, step="forbid inspection")


def set_name(name: str) -> None:
    """The name that ps(1) shows as comm: at most 15 bytes."""
    prctl(_PR_SET_NAME, name.encode()[:15], step="set process name")


def keep_capabilities(keep: bool) -> None:
    prctl(_PR_SET_KEEPCAPS, int(keep), step="keep capabilities")


def no_new_privileges() -> None:
    prctl(_PR_SET_NO_NEW_PRIVS, 1, step="set no_new_privs")


def close_from(first: int) -> None:
    """Close every descriptor from ``first`` on."""
    call("close_range", "close descriptors", None, first, _LAST_FD, 0)


def close_all_but(*keep: int) -> None:
    """Close every descriptor from 3 on, except those of ``keep``."""
    first = 3
    for fd in sorted(keep):
        if fd > first:
            call("close_range", "close descriptors", None, first, fd - 1, 0)
        first = max(first, fd + 1)
    close_from(first)


def hide_arguments() -> None:
    """Blank /proc/PID/cmdline, which the whole pid namespace may read, also of a process that forbids inspection.

    It shows the memory between arg_start and arg_end, fields 48 and 49 of /proc/PID/stat (proc(5)).
    """
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b") ")[2].split()  # from field 3 on
    start, end = int(fields[45]), int(fields[46])
    ctypes.memset(start, 0, end - start)


def pidfd_open(pid: int) -> int:
    return call("pidfd_open", "open process", str(pid), pid, 0)


def new_session_keyring() -> None:
    """Leave the keyring we inherited, so that a container sees none of the host's keys (keyrings(7))."""
    call("keyctl", "join a new session keyring", None, _KEYCTL_JOIN_SESSION_KEYRING, None, 0, 0, 0)


def loopback_up() -> None:
    """Bring up ``lo`` of the current network namespace (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(sock, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def give_back_memory() -> None:
    """Hand what malloc(3) keeps for later back to the kernel, whole pages, also from the middle (malloc_trim(3))."""
    if _malloc_trim is not None:
        _malloc_trim(0)


def sealed_copy(path: str) -> int:
    """A sealed, executable in-memory copy of a program: no descriptor of it can ever be written through.

    A container that gets at ``/proc/PID/exe`` of a process running it has nothing to overwrite (CVE-2019-5736).
    """
    image = os.memfd_create("wherry", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    try:
        with open(path, "rb") as program:
            while os.sendfile(image, program.fileno(), None, 1 << 24):
                pass
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(image, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(image)
        raise
    return image
