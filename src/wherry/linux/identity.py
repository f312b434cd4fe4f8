"""Who this thread is, apart from its process (credentials(7))."""

import ctypes
import struct

from wherry.linux.errors import KernelError
from wherry.linux.syscalls import call

_VERSION_3 = 0x20080522  # include/uapi/linux/capability.h
_libc = ctypes.CDLL(None, use_errno=True)


def make_files_as(number: int) -> None:
    """Let what this thread makes from now on belong to user and group ``number``, and keep all its capabilities.

    On a file system of a user namespace (a container's tmpfs) who is not in that namespace can make nothing at all
    (EOVERFLOW). These two ids, and the capabilities, are the thread's own: setfsuid(2), capabilities(7). Raises
    KernelError without CAP_SETUID or CAP_SETGID.
    """
    for change in (_libc.setfsgid, _libc.setfsuid):
        change(number)
        if change(-1) != number:  # these calls tell no errors, only what was before
            raise KernelError(1, f"make files as {number}")
    header, data = struct.pack("Ii", _VERSION_3, 0), ctypes.create_string_buffer(24)
    if _libc.capget(header, data) < 0:
        raise KernelError(ctypes.get_errno(), "read capabilities")
    sets = list(struct.unpack("6I", data.raw))
    sets[0], sets[3] = sets[1], sets[4]  # effective, of which the change took some away, as permitted
    if _libc.capset(header, struct.pack("6I", *sets)) < 0:
        raise KernelError(ctypes.get_errno(), "raise capabilities")


def become(number: int) -> None:
    """Be user and group ``number`` in this thread, for good: capabilities go with it.

    To the kernel, ids are a thread's; it is the C library that changes them in all threads at once (nptl(7)), so it is
    not asked. Raises KernelError without CAP_SETUID or CAP_SETGID.
    """
    call("setresgid", f"become group {number}", None, number, number, number)
    call("setresuid", f"become user {number}", None, number, number, number)
