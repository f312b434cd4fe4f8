import errno
import os
from collections.abc import Callable

import pytest

from wherry.linux import seccomp
from wherry.linux.errors import KernelError
from wherry.linux.processes import no_new_privileges
from wherry.linux.seccomp import installing

REFUSE_MKDIR = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOTTY}],
}


def in_a_child(work: Callable[[], int]) -> int:
    """The exit status of ``work`` in a process of its own: a filter is for good."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(work())
        except BaseException:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_filter_holds_from_then_on() -> None:
    program = seccomp.compile_filter(REFUSE_MKDIR, [])

    def work() -> int:
        no_new_privileges()
        seccomp.install(program)
        try:
            os.mkdir("/tmp/never")
        except OSError as error:
            return error.errno or 0
        return 0

    assert in_a_child(work) == errno.ENOTTY


def test_the_default_profile_lets_a_program_run() -> None:
    program = seccomp.compile_filter(seccomp.default_profile(), [])

    def work() -> int:
        no_new_privileges()
        seccomp.install(program)
        os.execv("/bin/sh", ["sh", "-c", "exit 7"])

    assert in_a_child(work) == 7


def test_no_filter_is_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "_syscall", None)
    seccomp.install(b"")


def test_what_the_kernel_refuses_is_told() -> None:
    def work() -> int:
        no_new_privileges()
        with pytest.raises(KernelError, match="install the seccomp filter"):
            seccomp.install(b"\0" * 8)
        return 0

    assert in_a_child(work) == 0
