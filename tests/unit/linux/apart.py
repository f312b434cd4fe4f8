"""Real system calls without root: a test runs in a process and in namespaces of its own, where it may do what it likes.

Nothing of it can be seen outside, and all of it goes with the process: what it has started as well.
"""

import errno
import functools
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import pytest

from wherry.linux.errors import KernelError
from wherry.linux.namespaces import NEWIPC, NEWNET, NEWNS, NEWUSER, NEWUTS
from wherry.linux.syscalls import prctl, setns, unshare

P = ParamSpec("P")
SECONDS = 240  # longer than any of these tests takes on any machine, and less than pytest waits
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, include/uapi/linux/prctl.h
REFUSED = (errno.EPERM, errno.ENOSPC, errno.EINVAL, errno.ENOSYS)


def apart(test: Callable[P, None]) -> Callable[P, None]:
    """Run the test as root of new user, mount, network, host name and IPC namespaces; skip where nobody may have any.

    It can assert as any test can, and cannot hand anything back. Its mounts are private; ``lo`` is down.
    """

    @functools.wraps(test)
    def outside(*args: P.args, **kwargs: P.kwargs) -> None:
        told, telling = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(told)
            _inside(telling, lambda: test(*args, **kwargs))
        os.close(telling)
        with open(told) as report:
            text = report.read()
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "the process apart was killed"
        if text.startswith("skip: "):
            pytest.skip(text[6:])
        assert not text, text

    return outside


def _inside(telling: int, test: Callable[[], None]) -> None:
    """Never returns: whatever happens, nobody comes back as a second pytest."""
    text = ""
    signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(SECONDS)
    prctl(SUBREAPER, 1, step="own all orphans")
    try:
        refusal = _go_apart()
        if refusal:
            text = f"skip: {refusal}"
        else:
            test()
    except BaseException as error:
        skipped = isinstance(error, pytest.skip.Exception)
        text = f"skip: {error}" if skipped else "".join(traceback.format_exception(error))
    finally:
        try:
            signal.alarm(0)
            _end_children()
            os.write(telling, text.encode())
        finally:
            os._exit(0)


def _too_late(*_: object) -> None:
    raise TimeoutError(f"after {SECONDS} s")


def _end_children() -> None:
    """All of them, and those that thereby become ours."""
    while children := Path("/proc/thread-self/children").read_text().split():
        for child in children:
            os.kill(int(child), signal.SIGKILL)
            os.waitpid(int(child), 0)


def _go_apart() -> str:
    """Why it is not possible, or nothing."""
    uid, gid = os.getuid(), os.getgid()
    try:
        unshare(NEWUSER | NEWNS | NEWNET | NEWUTS | NEWIPC)
    except KernelError as error:
        if error.errno in REFUSED:
            return f"this machine has no namespaces for us: {error}"
        raise
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    return ""


def new_netns() -> int:
    """A descriptor of a fresh network namespace; the caller, a test apart, stays in its own."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        unshare(NEWNET)
        fresh = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        setns(home, NEWNET)
    finally:
        os.close(home)
    return fresh
