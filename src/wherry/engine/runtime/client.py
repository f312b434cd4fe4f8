"""The daemon's side: start the spawner, ask for containers, find running ones again.

Everything is asynchronous on one event loop; messages are small and local, so they are sent at once. A container's shim
talks over its own SOCK_SEQPACKET connection.
"""

import asyncio
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from wherry.engine.instance import Instance
from wherry.engine.runtime import wire
from wherry.engine.runtime.connection import Connection
from wherry.engine.runtime.model import Exit, Isolation, Recovered
from wherry.engine.runtime.spawning import Launched, launch
from wherry.engine.runtime.tasks import ShimSandbox, ShimTask
from wherry.kit.errors import Unavailable
from wherry.linux.cgroup import Cgroup, Layout, layout
from wherry.linux.namespaces import open_namespace, open_pinned

_CONNECT_SECONDS = 10.0


class ShimRuntime:
    """The Runtime of real containers (see :mod:`model`). Needs root.

    ``ahead`` is the part of an OCI configuration that most containers share (mounts, masked and read-only paths): what
    of it lies in /proc, /dev and /sys is built before a start asks for it, and used when the start asks for the same.
    ``launched`` is a spawner that was started before, now ours.
    """

    def __init__(
        self, instance: Instance, ahead: dict[str, Any] | None = None, launched: Launched | None = None
    ) -> None:
        self._instance = instance
        self._ahead = ahead
        self._launched = launched
        self._layout: Layout = layout()
        self._control: socket.socket | None = None
        self._starting = asyncio.Lock()
        self.spawner_pid: int | None = None

    async def start(self) -> None:
        """Start the spawner, if it does not run."""
        async with self._starting:
            if self._control is None:
                await self._start_spawner()

    async def _start_spawner(self) -> None:
        launched, self._launched = self._launched or launch(self._instance), None
        self.spawner_pid = launched.pid
        connection = Connection(launched.control)
        try:
            received = await connection.next()
        except Unavailable as error:
            raise Unavailable("the spawner ended at its start; is this root, on Linux 5.19 or later?") from error
        received.close()
        self._control = connection.detach()
        asyncio.get_running_loop().add_reader(self._control.fileno(), self._spawner_gone)

    def _spawner_gone(self) -> None:
        """It says nothing after its start: what is readable is its end. The next spawn starts another."""
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control.fileno())
            self._control.close()
            self._control = None
        if self.spawner_pid is not None:
            try:
                os.waitpid(self.spawner_pid, 0)
            except ChildProcessError:
                pass
            self.spawner_pid = None

    async def spawn(self, isolation: Isolation) -> ShimSandbox:
        ours, theirs = wire.pair()
        fds = {"control": theirs.fileno()}
        joins = _open_joins(isolation)
        message = {"isolation": _isolation_message(isolation, joins), "ahead": self._ahead}
        try:
            try:
                await self.start()
                assert self._control is not None
                wire.send(self._control, message, {**fds, **joins})
            except (OSError, AssertionError):  # it has just ended: once more, with a new one
                self._spawner_gone()
                await self.start()
                assert self._control is not None
                wire.send(self._control, message, {**fds, **joins})
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            for fd in joins.values():
                os.close(fd)
        connection = Connection(ours)
        try:
            return await ShimSandbox.born(connection, isolation, self._instance)
        except BaseException:  # nobody waits for it any more: it ends with its connection
            connection.close()
            raise

    async def recover(self, container_id: str, directory: Path, cgroup: str) -> Recovered:
        address = self._instance.shims / f"{container_id}.sock"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _CONNECT_SECONDS
        while _is_locked(directory / "lock") and loop.time() < deadline:
            try:
                connection = Connection(_connect(address))
            except OSError:
                await asyncio.sleep(0.02)  # a shim between its fork and its first breath
                continue
            try:
                task = await ShimTask.adopt(connection, container_id)
            except Unavailable:
                continue
            return Recovered(task, None)
        ended = _read_exit(directory / "exit.json")
        if ended is None and not (directory / "task.json").exists():
            return Recovered(None, None)
        await self.clean(container_id, directory, cgroup)
        return Recovered(
            None, ended or Exit(255, time.time_ns(), error="the container's shim was lost, and the container with it")
        )

    async def clean(self, container_id: str, directory: Path, cgroup: str) -> None:
        group = Cgroup.at(cgroup, self._layout)
        try:
            if group.pids():
                group.kill()
            group.delete()
        except FileNotFoundError:
            pass
        for path in (
            self._instance.shims / f"{container_id}.sock",
            *(directory / name for name in ("task.json", "lock")),
        ):
            path.unlink(missing_ok=True)

    async def remove_cgroups(self) -> None:
        """Remove the instance's own cgroups, when no container runs any more (``wherry down``). Idempotent."""
        try:
            Cgroup.at(self._instance.cgroup_parent, self._layout).delete()
        except FileNotFoundError:
            pass

    async def close(self) -> None:
        if self._launched is not None:  # and never asked for anything
            self._launched.control.close()
            os.waitpid(self._launched.pid, 0)
            self._launched = None
        if self._control is not None:
            pid = self.spawner_pid
            asyncio.get_running_loop().remove_reader(self._control.fileno())
            self._control.close()
            self._control = None
            if pid is not None:
                os.waitpid(pid, 0)
                self.spawner_pid = None


def _open_joins(isolation: Isolation) -> dict[str, int]:
    wanted = {
        "user": (isolation.join_user, "user"),
        "network": (isolation.join_network, "net"),
        "pid": (isolation.join_pid, "pid"),
        "ipc": (isolation.join_ipc, "ipc"),
        "uts": (isolation.join_uts, "uts"),
    }
    joins: dict[str, int] = {}
    try:
        for kind, (joined, name) in wanted.items():
            if joined is not None:
                joins[kind] = open_pinned(joined) if isinstance(joined, Path) else open_namespace(joined, name)
    except OSError:
        for fd in joins.values():
            os.close(fd)
        raise
    return joins


def _isolation_message(isolation: Isolation, joins: dict[str, int]) -> wire.Message:
    return {
        "ids": [isolation.ids.first, isolation.ids.count] if isolation.ids else None,
        "network": isolation.network.value,
        "pid": isolation.pid.value,
        "ipc": isolation.ipc.value,
        "uts": isolation.uts.value,
        "cgroup": isolation.cgroup.value,
        "joins": list(joins),
    }


def _is_locked(path: Path) -> bool:
    """Whether a shim holds the lock of a container's directory: it does from before its first act to its end."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _connect(address: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    directory = os.open(address.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sock.connect(f"/proc/self/fd/{directory}/{address.name}")  # past the 107 bytes of unix(7)
    except OSError:
        sock.close()
        raise
    finally:
        os.close(directory)
    return sock


def _read_exit(path: Path) -> Exit | None:
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return Exit(content["code"], content["at"], content["oom"])
