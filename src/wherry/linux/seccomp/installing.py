"""seccomp(2), called last before a container's program: everything is ready at import."""

import ctypes
import errno

from wherry.linux.errors import KernelError
from wherry.linux.syscalls import MACHINE

_NUMBER = {"x86_64": 317, "aarch64": 277}.get(MACHINE, 0)
_SET_MODE_FILTER, _SPEC_ALLOW = 1, 4  # include/uapi/linux/seccomp.h
_INSTRUCTION_BYTES = 8

_syscall = ctypes.CDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long


class _Program(ctypes.Structure):  # struct sock_fprog
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def install(filter: bytes) -> None:
    """Put this thread, and what it becomes or forks, under ``filter`` for good. Empty: nothing happens.

    Needs no_new_privs or CAP_SYS_ADMIN. Speculation is left to the processor's settings, as runc does: the mitigation
    that a filter used to bring costs more than the filter.
    """
    if not filter:
        return
    program = _Program(len(filter) // _INSTRUCTION_BYTES, filter)
    for flags in (_SPEC_ALLOW, 0):  # before Linux 4.17 there was no such flag
        if _syscall(_NUMBER, _SET_MODE_FILTER, flags, ctypes.byref(program)) == 0:
            return
        number = ctypes.get_errno()
        if number != errno.EINVAL:
            break
    raise KernelError(number, "install the seccomp filter")
