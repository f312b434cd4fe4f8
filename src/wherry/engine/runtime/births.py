"""Fork processes into a container: its first one, and those that join it (exec)."""

import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from wherry.engine.runtime import wire
from wherry.linux import namespaces, processes
from wherry.linux.syscalls import setns

_NEW = {
    "network": namespaces.NEWNET,
    "pid": namespaces.NEWPID,
    "ipc": namespaces.NEWIPC,
    "uts": namespaces.NEWUTS,
}
# A user namespace first: what comes after needs its rights.
_JOIN = {
    "user": namespaces.NEWUSER,
    "network": namespaces.NEWNET,
    "ipc": namespaces.NEWIPC,
    "uts": namespaces.NEWUTS,
    "pid": namespaces.NEWPID,
}

_BORN = "born"

Child = Callable[[socket.socket], Any]


def make_init(isolation: dict[str, Any], joins: dict[str, int], main: Child) -> tuple[int, socket.socket]:
    """Fork a container's first process into its namespaces; it runs ``main`` with its end of the returned socket.

    ``joins`` are descriptors of namespaces to share, by kind. The process is our child in any case.
    """
    ours, theirs = wire.pair()
    flags = namespaces.NEWNS
    for kind, flag in _NEW.items():
        if isolation[kind] == "new" and kind not in joins:
            flags |= flag
    if isolation["ids"] and "user" not in joins:
        flags |= namespaces.NEWUSER

    if joins:
        pid = _via_stage([(fd, _JOIN[kind]) for kind, fd in _in_order(joins)], flags, main, theirs)
    else:
        pid = _clone(flags, main, theirs, ours)
    theirs.close()
    return pid, ours


def join(pidfd: int, kinds: int, cgroup_attach: Callable[[int], None], main: Child) -> tuple[int, socket.socket]:
    """Fork a process into all the namespaces of the process of ``pidfd``, and into its cgroup first.

    ``cgroup_attach`` is called with 0, for the calling process: moving oneself is quick (see wherry.linux.cgroup).
    """
    ours, theirs = wire.pair()
    pid = _via_stage([(pidfd, kinds)], 0, main, theirs, cgroup_attach)
    theirs.close()
    return pid, ours


def end(pid: int) -> None:
    """It is our child, and nobody else waits for it. As long as nobody has, its container's process 1 cannot end:
    the kernel first waits until the pid namespace is empty (zap_pid_ns_processes in kernel/pid_namespace.c)."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _in_order(joins: dict[str, int]) -> list[tuple[str, int]]:
    return [(kind, joins[kind]) for kind in _JOIN if kind in joins]


def _clone(flags: int, main: Child, theirs: socket.socket, ours: socket.socket) -> int:
    pid = namespaces.clone(flags)
    if pid == 0:
        with _no_return():
            ours.close()
            main(theirs)
    return pid


def _via_stage(
    entries: list[tuple[int, int]],
    flags: int,
    main: Child,
    theirs: socket.socket,
    before: Callable[[int], None] | None = None,
) -> int:
    """Enter namespaces in a process of its own, which makes the child as our child (CLONE_PARENT) and ends.

    A pid namespace holds only children born after it was entered, hence the two steps.
    """
    read, write = os.pipe2(os.O_CLOEXEC)
    born = namespaces.Note()
    stage = os.fork()
    if stage == 0:
        with _no_return():
            _stage(entries, _Birth(flags, main, theirs, born), before, write)
    os.close(write)
    try:
        answer = b""
        while chunk := os.read(read, 4096):
            answer += chunk
    finally:
        os.close(read)
        os.waitpid(stage, 0)
    text = answer.decode()
    if text != _BORN:
        if born.value:  # it was killed (out of memory) between the birth and the word of it
            end(born.value)
        raise OSError(0, text or "the process that enters the namespaces ended early")
    return born.value


class _Birth(NamedTuple):
    """What the process between makes: a child that runs ``main``, whose pid is in ``born``."""

    flags: int
    main: Child
    theirs: socket.socket
    born: namespaces.Note


def _stage(entries: list[tuple[int, int]], birth: _Birth, before: Callable[[int], None] | None, write: int) -> None:
    try:
        if before:
            before(0)
        _let_go(birth.theirs.fileno(), write, *(fd for fd, _ in entries))
        for fd, kinds in entries:
            setns(fd, kinds)
            os.close(fd)
        pid = namespaces.clone(birth.flags | namespaces.CLONE_PARENT, birth.born)
    except OSError as error:
        os.write(write, str(error).encode())
        return
    if pid == 0:
        os.close(write)
        birth.main(birth.theirs)
    os.write(write, _BORN.encode())


def _let_go(*needed: int) -> None:
    """Become what a container may see: from its birth on, the child is there in the /proc of others (CVE-2016-9962).

    Nobody without CAP_SYS_PTRACE over the host may look at its descriptors, but all may read its command line.
    """
    gc.disable()  # what it found would close descriptors that are others by then
    processes.forbid_inspection()
    processes.close_all_but(*needed)
    for number in (1, 2):  # the daemon's log
        os.dup2(0, number)
    processes.hide_arguments()


@contextmanager
def _no_return() -> Iterator[None]:
    try:
        yield
    finally:
        os._exit(127)
