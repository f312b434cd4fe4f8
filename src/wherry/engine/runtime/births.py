"""Fork processes into a container: its first one, and those that join it (exec)."""

import os
import socket
from collections.abc import Callable
from typing import Any

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
    "pid": namespaces.NEWPID,
}

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

    def child() -> None:
        ours.close()
        main(theirs)

    pid = (
        _via_stage([(fd, _JOIN[kind]) for kind, fd in _in_order(joins)], flags, child)
        if joins
        else _clone(flags, child)
    )
    theirs.close()
    return pid, ours


def join(pidfd: int, kinds: int, cgroup_attach: Callable[[int], None], main: Child) -> tuple[int, socket.socket]:
    """Fork a process into all the namespaces of the process of ``pidfd``, and into its cgroup first.

    ``cgroup_attach`` is called with 0, for the calling process: moving oneself is quick (see wherry.linux.cgroup).
    """
    ours, theirs = wire.pair()

    def child() -> None:
        ours.close()
        main(theirs)

    pid = _via_stage([(pidfd, kinds)], 0, child, cgroup_attach)
    theirs.close()
    return pid, ours


def _in_order(joins: dict[str, int]) -> list[tuple[str, int]]:
    return [(kind, joins[kind]) for kind in _JOIN if kind in joins]


def _clone(flags: int, child: Callable[[], None]) -> int:
    pid = namespaces.clone(flags)
    if pid == 0:
        _never_return(child)
    return pid


def _via_stage(
    entries: list[tuple[int, int]], flags: int, child: Callable[[], None], before: Callable[[int], None] | None = None
) -> int:
    """Enter namespaces in a process of its own, which makes the child as our child (CLONE_PARENT) and ends.

    A pid namespace holds only children born after it was entered, hence the two steps.
    """
    read, write = os.pipe2(os.O_CLOEXEC)
    stage = os.fork()
    if stage == 0:
        os.close(read)
        _never_return(lambda: _stage(entries, flags, child, before, write))
    os.close(write)
    try:
        answer = b""
        while chunk := os.read(read, 4096):
            answer += chunk
    finally:
        os.close(read)
        os.waitpid(stage, 0)
    text = answer.decode()
    if not text.startswith("+"):
        raise OSError(0, text or "the process that enters the namespaces ended early")
    return int(text[1:])


def _stage(
    entries: list[tuple[int, int]],
    flags: int,
    child: Callable[[], None],
    before: Callable[[int], None] | None,
    write: int,
) -> None:
    try:
        processes.forbid_inspection()
        if before:
            before(0)
        for fd, kinds in entries:
            setns(fd, kinds)
        pid = namespaces.clone(flags | namespaces.CLONE_PARENT)
    except OSError as error:
        os.write(write, str(error).encode())
        return
    if pid == 0:
        os.close(write)
        child()
    os.write(write, b"+%d" % pid)


def _never_return(child: Callable[[], None]) -> None:
    try:
        child()
    finally:
        os._exit(127)
