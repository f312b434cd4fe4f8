"""Further processes in a running container (``docker exec``): each with its own streams, terminal and exit code."""

import os
import signal
import socket
import time
from collections.abc import Callable
from typing import Any, NoReturn

from wherry.engine.runtime import births, process, wire
from wherry.engine.runtime.common import attach, exit_code, reported
from wherry.engine.runtime.failure import Failure, to_message
from wherry.engine.runtime.loop import READ, Loop
from wherry.engine.runtime.starting import Started
from wherry.engine.runtime.stdio import Stdio
from wherry.linux import namespaces, processes

_ALWAYS = (
    namespaces.NEWNS
    | namespaces.NEWPID
    | namespaces.NEWIPC
    | namespaces.NEWUTS
    | namespaces.NEWNET
    | namespaces.NEWCGROUP
)
_EARLY = "the process ended before it could run its program"


class _Running:
    __slots__ = ("pid", "pidfd", "stdio")

    def __init__(self, pid: int, pidfd: int, stdio: Stdio) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.stdio = stdio


class Execs:
    """The execs of one container. ``tell`` gets ``{"event": "exec_exit", "exec": id, "code", "at"}`` at each end."""

    def __init__(
        self, loop: Loop, init: int, started: Started, isolation: dict[str, Any], tell: Callable[[wire.Message], None]
    ) -> None:
        self._loop = loop
        self._init = init
        self._started = started
        self._isolation = isolation
        self._tell = tell
        self._running: dict[str, _Running] = {}
        self._leaving: list[Stdio] = []

    def stdio(self, name: str) -> Stdio:
        return self._find(name).stdio

    def kill(self, name: str, number: int) -> None:
        signal.pidfd_send_signal(self._find(name).pidfd, number)

    @property
    def busy(self) -> bool:
        """Whether a client of an exec that has ended has still to be sent something."""
        self._leaving = [stdio for stdio in self._leaving if stdio.busy]
        return bool(self._leaving)

    def _find(self, name: str) -> _Running:
        found = self._running.get(name)
        if found is None:
            raise Failure("exec", f"exec {name} is not running", 3)
        return found

    def start(self, message: wire.Message, received: wire.Received) -> dict[str, Any]:
        name = message["exec"]
        stdio = Stdio(self._loop, True, lambda: self._tell({"event": "detach", "exec": name}))
        attached = "attach" in received.fds
        fds: dict[str, int] = {}
        try:
            if message["process"].get("terminal"):
                if self._started.devpts is None:
                    raise Failure("exec", "the container has no /dev/pts to open a terminal of")
                master, peer = process.open_terminal(self._started.devpts, message["size"])
                stdio.use_terminal(master)
                fds["terminal"] = peer
            else:
                owner = self._isolation["ids"][0] if self._isolation["ids"] else 0
                fds.update(stdio.open_pipes(owner, message["open_stdin"], outputs=attached))
            pid, report = births.join(self._started.pidfd, self._kinds(), self._started.cgroup.attach, _main)
            try:
                pidfd, user = self._told(pid, report, message, fds)
            except BaseException:
                births.end(pid)
                raise
            finally:
                report.close()
        except BaseException:
            stdio.drain()
            raise
        finally:
            for fd in fds.values():
                os.close(fd)
        if attached:
            attach(stdio, message["attachment"], received)
        running = self._running[name] = _Running(pid, pidfd, stdio)
        self._loop.watch(pidfd, READ, lambda _events: self._ended(name, running))
        stdio.begin()
        return {"pid": pid, "uid": user[0], "gid": user[1], "at": time.time_ns()}

    def _kinds(self) -> int:
        """The namespaces to enter: our own user namespace cannot be entered again (setns(2))."""
        return _ALWAYS | (namespaces.NEWUSER if self._isolation["ids"] else 0)

    @staticmethod
    def _told(
        pid: int, report: socket.socket, message: wire.Message, fds: dict[str, int]
    ) -> tuple[int, tuple[int, int]]:
        """Tell the process what to run, and wait until it does: a descriptor of it, and as whom it runs."""
        pidfd = processes.pidfd_open(pid)
        try:
            wire.send(report, {"process": message["process"], "seccomp": message["seccomp"]}, fds)
            return pidfd, _await_exec(report)
        except BaseException as error:
            os.close(pidfd)
            if isinstance(error, ConnectionError):  # it has been ended with its container, before it read that
                raise Failure("exec", _EARLY) from error
            raise

    def _ended(self, name: str, running: _Running) -> None:
        self._loop.forget(running.pidfd)
        os.close(running.pidfd)
        del self._running[name]
        _, status = os.waitpid(running.pid, 0)
        # Told before the client sees the end of its stream: that client asks for the exit code next.
        self._tell({"event": "exec_exit", "exec": name, "code": exit_code(status), "at": time.time_ns()})
        running.stdio.drain()
        self._leaving.append(running.stdio)

    def drain(self) -> None:
        """The container has ended: so have its execs, whose ends may not have been told yet."""
        for name, running in list(self._running.items()):
            if self._isolation["pid"] != "new":
                signal.pidfd_send_signal(running.pidfd, signal.SIGKILL)
            self._ended(name, running)


def _await_exec(report: socket.socket) -> tuple[int, int]:
    user = None
    while (received := wire.receive(report)) is not None:
        message = received.message
        received.close()
        if "error" in message:
            raise reported(message["error"])
        user = message["uid"], message["gid"]
    if user is None:
        raise Failure("exec", _EARLY)
    return user


def _main(report: socket.socket) -> NoReturn:
    """In the new process, inside the container's namespaces: become the program."""
    progress = process.Progress()
    try:
        received = wire.receive(report)
        if received is not None:
            fds = received.fds
            terminal = fds.get("terminal")
            stdio = [terminal] * 3 if terminal is not None else [fds[name] for name in ("stdin", "stdout", "stderr")]
            message = received.message
            process.run(message["process"], bytes.fromhex(message["seccomp"]), stdio, report, progress)
    except BaseException as error:
        try:
            wire.send(report, {"error": to_message(error, progress.step)})
        except OSError:
            pass
    os._exit(127)
