"""One process a container: owns its standard streams, log and exit status, and needs nobody while it runs.

It begins as a fork of the spawner, makes the container's first process in fresh namespaces, and waits. Told to start,
it makes the cgroups and the root file system, hands everything to that process, and then serves: clients' streams,
execs, signals, over the connection it was born with and over a socket in the instance's run directory, where a
restarted daemon finds it. It leaves two small files in the container's directory: ``task.json`` (it runs; what was
started) and ``exit.json`` (how it ended), each written to a temporary name and renamed.
"""

import gc
import json
import os
import signal
import socket
import time
from typing import Any

from wherry.engine.runtime import births, init, wire
from wherry.engine.runtime.common import attach, exit_code, reported
from wherry.engine.runtime.execs import Execs
from wherry.engine.runtime.failure import Failure, to_message
from wherry.engine.runtime.foreign import start_foreign
from wherry.engine.runtime.ground import Ground
from wherry.engine.runtime.loop import READ, Loop
from wherry.engine.runtime.starting import Started, start
from wherry.engine.runtime.stdio import Stdio
from wherry.linux import processes
from wherry.linux.namespaces import NEWNS, open_namespace, write_id_maps
from wherry.linux.syscalls import unshare

_LINGER_SECONDS = 10.0
_UMASK = 0o022


def main(control: socket.socket, request: wire.Message, fds: dict[str, int], ground: Ground) -> None:
    """Life of a shim, from its fork to its end."""
    processes.set_name("wherry-shim")
    os.setsid()
    os.umask(_UMASK)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        shim = Shim(control, request, fds, ground)
    except Exception as error:
        wire.send(control, {"error": to_message(error, "make namespaces")})
        return
    shim.serve()


class Shim:
    def __init__(self, control: socket.socket, request: wire.Message, joins: dict[str, int], ground: Ground) -> None:
        isolation: dict[str, Any] = request["isolation"]
        self._control = control
        self._isolation = isolation
        self._ground = ground
        self._loop = Loop()
        self._connections: list[socket.socket] = [control]
        self._listener: socket.socket | None = None
        self._started: Started | None = None
        self._stdio: Stdio | None = None
        self._execs: Execs | None = None
        self._exit: dict[str, Any] | None = None
        self._address = ""
        self.pid, self._init = births.make_init(isolation, joins, init.main)
        # A mount table of our own: while we assemble a root on the scratch directory, so do others.
        unshare(NEWNS)
        for fd in joins.values():
            os.close(fd)
        ids = isolation["ids"]
        if ids and "user" not in joins:
            write_id_maps(self.pid, ids[0], ids[1])
        new_network = isolation["network"] == "new" and "network" not in joins
        wire.send(self._init, {"mapped": bool(ids), "loopback": new_network, "ahead": request["ahead"]})
        answer = wire.receive(self._init)
        if answer is None or "error" in answer.message:
            raise _failure(answer)
        passed = {"netns": open_namespace(self.pid, "net")} if new_network else {}
        wire.send(control, {"ready": True, "pid": self.pid}, passed)
        for fd in passed.values():
            os.close(fd)

    def serve(self) -> None:
        self._control.setblocking(False)
        self._loop.watch(self._control.fileno(), READ, lambda _events: self._readable(self._control))
        self._loop.run()

    # Connections

    def _readable(self, connection: socket.socket) -> None:
        try:
            received = wire.receive(connection)
        except BlockingIOError:
            return
        except (OSError, ValueError):
            received = None
        if received is None:
            self._lost(connection)
            return
        message = received.message
        answer: wire.Message
        try:
            answer = {"ok": self._handle(message, received)}
        except Exception as error:
            answer = {"error": to_message(error, message["op"])}
        finally:
            received.close()
        self._tell(connection, {**answer, "n": message.get("n")})
        if message["op"] == "hold" or (message["op"] == "start" and "error" in answer):
            self._loop.stop()

    def _lost(self, connection: socket.socket) -> None:
        """The daemon has ended, or let go. Before a start there is nothing to live for."""
        self._loop.forget(connection.fileno())
        self._connections.remove(connection)
        connection.close()
        if self._started is None:
            self._loop.stop()

    def _accept(self) -> None:
        if self._listener is None:
            return
        connection, _address = self._listener.accept()
        connection.setblocking(False)
        self._connections.append(connection)
        self._loop.watch(connection.fileno(), READ, lambda _events: self._readable(connection))

    def _tell(self, connection: socket.socket, message: wire.Message) -> None:
        try:
            connection.setblocking(True)
            wire.send(connection, message)
            connection.setblocking(False)
        except OSError:
            pass  # the next start of the daemon reads it from the files

    def _tell_all(self, message: wire.Message) -> None:
        for connection in list(self._connections):
            self._tell(connection, message)

    # Requests

    def _handle(self, message: wire.Message, received: wire.Received) -> Any:
        if message["op"] == "start":
            return self._start(message, received)
        if message["op"] == "hold":
            return self._hold()
        if self._started is None or self._stdio is None or self._execs is None:
            raise Failure(message["op"], "not started")
        match message["op"]:
            case "state":
                return {**self._started.describe(), "exit": self._exit}
            case "attach":
                attach(self._stdio, message, received)
            case "exec":
                return self._execs.start(message, received)
            case "kill":
                self._kill(message)
            case "resize":
                stdio = self._execs.stdio(message["exec"]) if message.get("exec") else self._stdio
                stdio.resize(message["height"], message["width"])
            case "reopen_log":
                if self._started.log:
                    self._started.log.reopen()
            case other:
                raise Failure(other, f"unknown request {other}")
        return {}

    def _start(self, message: wire.Message, received: wire.Received) -> dict[str, Any]:
        if self._started is not None:
            raise Failure("start", "already started")
        stdio = Stdio(self._loop, message["stdin_once"], lambda: self._tell_all({"event": "detach", "exec": None}))
        self._stdio = stdio
        for index, wants in enumerate(message["attachments"]):
            attach(stdio, wants, received, f"attach:{index}")
        self._listen(received)
        self._lock = received.take("lock")
        started = self._execute(message, received, stdio)
        self._init.close()
        self._started = started
        self._directory = message["directory"]
        self._execs = Execs(self._loop, self.pid, started, self._isolation, self._tell_all)
        self._write("task.json", started.describe())
        self._loop.watch(started.child_fd, READ, lambda _events: self._ended())
        stdio.begin()
        gc.enable()
        return started.describe()

    def _hold(self) -> dict[str, Any]:
        """Let the waiting process stay as it is; we end, and it is nobody's child."""
        if self._started is not None:
            raise Failure("hold", "already started")
        wire.send(self._init, {"hold": True})
        answer = wire.receive(self._init)
        if answer is None or "error" in answer.message:
            raise _failure(answer)
        return {}

    def _execute(self, message: wire.Message, received: wire.Received, stdio: Stdio) -> Started:
        if message["runtime"] == "wherry":
            return start(message, received, self.pid, self._init, self._isolation, self._ground.layout, stdio)
        return start_foreign(message, received, self.pid, self._isolation, self._ground, stdio)

    def _listen(self, received: wire.Received) -> None:
        """Take over the socket that the daemon has bound for us, where its successor will look for us."""
        fd = received.take("listener")
        if fd is None:
            return
        self._listener = socket.socket(fileno=fd)
        self._listener.setblocking(False)
        self._loop.watch(fd, READ, lambda _events: self._accept())

    def _kill(self, message: wire.Message) -> None:
        if message.get("exec"):
            assert self._execs is not None
            self._execs.kill(message["exec"], message["signal"])
            return
        assert self._started is not None
        if self._exit is not None:
            raise Failure("kill", "the container has ended", 3)
        if message["everyone"]:
            self._started.cgroup.kill()
        else:
            signal.pidfd_send_signal(self._started.pidfd, message["signal"])

    # The end

    def _ended(self) -> None:
        """Process 1 has ended. Its pid namespace went with it; without one, its cgroup's processes go now."""
        started, stdio = self._started, self._stdio
        assert started is not None and stdio is not None and self._execs is not None
        self._loop.forget(started.child_fd)
        _, status = os.waitpid(started.child, 0)
        if self._isolation["pid"] != "new" or "pid" in self._isolation.get("joins", ()):
            started.cgroup.kill()
        oom_killed = started.oom_kills() > 0
        self._execs.drain()
        stdio.drain()
        self._exit = {"code": exit_code(status), "at": time.time_ns(), "oom": oom_killed}
        self._write("exit.json", self._exit)
        self._tell_all({"event": "exit", **self._exit})
        started.release()
        self._loop.later(_LINGER_SECONDS, self._loop.stop)
        self._wait_for_clients()

    def _wait_for_clients(self) -> None:
        assert self._stdio is not None and self._execs is not None
        if not (self._stdio.busy or self._execs.busy):
            self._loop.stop()
        else:
            self._loop.later(0.05, self._wait_for_clients)

    def _write(self, name: str, content: dict[str, Any]) -> None:
        """A disk that is full loses the record, not the container: the daemon was told, or will call it lost."""
        path = f"{self._directory}/{name}"
        try:
            fd = os.open(path + "~", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                os.write(fd, json.dumps(content).encode())
            finally:
                os.close(fd)
            os.replace(path + "~", path)
        except OSError:
            pass


def _failure(answer: wire.Received | None) -> Failure:
    if answer is None:
        return Failure("make namespaces", "the container's first process ended early")
    return reported(answer.message["error"])
