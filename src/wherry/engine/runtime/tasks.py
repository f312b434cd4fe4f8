"""Sandboxes, tasks and execs as the daemon sees them: each is a conversation with a shim."""

import asyncio
import fcntl
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wherry.engine.instance import Instance
from wherry.engine.runtime import wire
from wherry.engine.runtime.connection import Connection, Fds
from wherry.engine.runtime.model import Attachment, ExecSpec, Exit, Isolation, StartFailed, TaskSpec
from wherry.kit.errors import NotFound, Unavailable
from wherry.linux import mount
from wherry.linux.errors import KernelError

_INIT_SOURCE, _INIT_TARGET = "/usr/bin/tini-static", "/sbin/docker-init"
_LOST = "the container's shim was lost, and the container with it"


class ShimSandbox:
    """See model.Sandbox."""

    def __init__(
        self, connection: Connection, isolation: Isolation, instance: Instance, pid: int, netns: int | None
    ) -> None:
        self._connection = connection
        self._instance = instance
        self.isolation = isolation
        self.pid = pid
        self.netns_fd = netns

    @classmethod
    async def born(cls, connection: Connection, isolation: Isolation, instance: Instance) -> "ShimSandbox":
        try:
            received = await connection.next()
        except Unavailable as error:
            raise StartFailed("make namespaces", "the shim ended before its container was made") from error
        if "error" in received.message:
            received.close()
            connection.close()
            raise _start_failed(received.message["error"])
        return cls(connection, isolation, instance, received.message["pid"], received.take("netns"))

    @property
    def alive(self) -> bool:
        return not self._connection.closed

    async def start(self, spec: TaskSpec) -> "ShimTask":
        task = ShimTask(self._connection, spec.id)
        fds: Fds = {f"attach:{n}": attachment.fd for n, attachment in enumerate(spec.attachments)}
        try:
            fds["lock"] = _lock(spec.directory)
            fds["listener"] = _listen(self._instance.shims / f"{spec.id}.sock")
            config = _with_init(spec.config) if spec.init else spec.config
            _open_binds(config, spec.trees, fds)
            received = await self._connection.ask(_start_message(spec, config), fds)
        except Unavailable as error:
            raise StartFailed("start", "the container's shim ended while it was starting") from error
        finally:
            for fd in fds.values():
                os.close(fd)
            self._close_netns()
        received.close()
        if "error" in received.message:
            self._connection.close()
            raise _start_failed(received.message["error"])
        task.describe(received.message["ok"])
        return task

    async def discard(self) -> None:
        self._close_netns()
        self._connection.close()

    async def hold(self) -> None:
        try:
            received = await self._connection.ask({"op": "hold"})
        except Unavailable as error:
            raise StartFailed("hold", "the shim ended before its process could stay") from error
        finally:
            await self.discard()
        received.close()
        if "error" in received.message:
            raise _start_failed(received.message["error"])

    def _close_netns(self) -> None:
        if self.netns_fd is not None:
            os.close(self.netns_fd)
            self.netns_fd = None


class ShimTask:
    """See model.Task."""

    def __init__(self, connection: Connection, container_id: str) -> None:
        self._connection = connection
        self._exit: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._execs: dict[str, ShimExec] = {}
        self.id = container_id
        self.pid = self.shim_pid = 0
        self.started_nanoseconds = 0
        self.username_ids = (0, 0)
        connection.on_event = self._event
        connection.on_close = self._closed

    @classmethod
    async def adopt(cls, connection: Connection, container_id: str) -> "ShimTask":
        """The task behind a shim's socket; Unavailable when the shim ends meanwhile."""
        task = cls(connection, container_id)
        received = await connection.ask({"op": "state"})
        received.close()
        if "error" in received.message:
            raise Unavailable(received.message["error"]["message"])
        state = received.message["ok"]
        task.describe(state)
        if state["exit"]:
            task._event(state["exit"] | {"event": "exit"})
        return task

    def describe(self, state: dict[str, Any]) -> None:
        self.pid, self.shim_pid = state["pid"], state["shim"]
        self.started_nanoseconds = state["started"]
        self.username_ids = state["uid"], state["gid"]

    def _event(self, message: wire.Message) -> None:
        match message["event"]:
            case "exit" if not self._exit.done():
                self._exit.set_result(Exit(message["code"], message["at"], message["oom"]))
            case "exec_exit":
                exec_ = self._execs.pop(message["exec"], None)
                if exec_ is not None:
                    exec_.ended(Exit(message["code"], message["at"]))

    def _closed(self) -> None:
        now = time.time_ns()
        for exec_ in self._execs.values():
            exec_.ended(Exit(137, now))
        self._execs = {}
        if not self._exit.done():
            self._exit.set_result(Exit(255, now, error=_LOST))

    async def wait(self) -> Exit:
        return await asyncio.shield(self._exit)

    async def attach(self, attachment: Attachment) -> None:
        try:
            await self._ask({"op": "attach", **_attachment_message(attachment)}, {"attach": attachment.fd})
        finally:
            os.close(attachment.fd)

    async def exec(self, spec: ExecSpec) -> "ShimExec":
        attachment = spec.attachment
        message = {
            "op": "exec",
            "exec": spec.id,
            "process": spec.process,
            "seccomp": (spec.seccomp or b"").hex(),
            "size": list(spec.terminal_size) if spec.terminal_size else None,
            "open_stdin": spec.open_stdin,
            "attachment": _attachment_message(attachment) if attachment else None,
        }
        exec_ = self._execs[spec.id] = ShimExec(self, spec.id)
        try:
            state = await self._ask(message, {"attach": attachment.fd} if attachment else None)
        except BaseException:
            self._execs.pop(spec.id, None)
            raise
        finally:
            if attachment:
                os.close(attachment.fd)
        exec_.pid = state["pid"]
        return exec_

    async def kill(self, signal: int, everyone: bool = False) -> None:
        await self.signal({"op": "kill", "signal": int(signal), "everyone": everyone})

    async def signal(self, message: wire.Message) -> None:
        try:
            await self._ask(message)
        except StartFailed as error:
            if error.errno == 3:  # ESRCH
                raise NotFound(error.message) from error
            raise

    async def resize(self, height: int, width: int) -> None:
        await self._ask({"op": "resize", "height": height, "width": width})

    async def reopen_log(self) -> None:
        await self._ask({"op": "reopen_log"})

    async def _ask(self, message: wire.Message, fds: Fds | None = None) -> Any:
        received = await self._connection.ask(message, fds)
        received.close()
        if "error" in received.message:
            raise _start_failed(received.message["error"])
        return received.message["ok"]


class ShimExec:
    """See model.Exec."""

    def __init__(self, task: ShimTask, exec_id: str) -> None:
        self._task = task
        self._id = exec_id
        self._exit: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self.pid = 0

    def ended(self, exit_: Exit) -> None:
        if not self._exit.done():
            self._exit.set_result(exit_)

    @property
    def exit(self) -> Exit | None:
        return self._exit.result() if self._exit.done() else None

    async def wait(self) -> Exit:
        return await asyncio.shield(self._exit)

    async def resize(self, height: int, width: int) -> None:
        await self._task.signal({"op": "resize", "exec": self._id, "height": height, "width": width})

    async def kill(self, signal: int) -> None:
        await self._task.signal({"op": "kill", "exec": self._id, "signal": int(signal)})


def _start_failed(error: dict[str, Any]) -> StartFailed:
    return StartFailed(error["step"], error["message"], error["errno"], error["path"])


def _start_message(spec: TaskSpec, config: dict[str, Any]) -> wire.Message:
    return {
        "op": "start",
        "name": spec.id,
        "runtime": spec.runtime,
        "config": config,
        "layers": [str(path) for path in spec.rootfs.layers],
        "upper": str(spec.rootfs.upper),
        "work": str(spec.rootfs.work),
        "directory": str(spec.directory),
        "log": [str(spec.log.path), spec.log.max_bytes, spec.log.max_files] if spec.log else None,
        "seccomp": (spec.seccomp or b"").hex(),
        "size": list(spec.terminal_size) if spec.terminal_size else None,
        "open_stdin": spec.open_stdin,
        "stdin_once": spec.stdin_once,
        "attachments": [_attachment_message(attachment) for attachment in spec.attachments],
    }


def _with_init(config: dict[str, Any]) -> dict[str, Any]:
    """Run the program under tini, as process 1: it reaps orphans and passes signals on (``--init``)."""
    if not Path(_INIT_SOURCE).exists():
        message = f"--init needs {_INIT_SOURCE}, which is not there: install Debian's package tini"
        raise StartFailed("find init", message, 2, _INIT_SOURCE)
    process = {**config["process"], "args": [_INIT_TARGET, "--", *config["process"]["args"]]}
    entry = {"destination": _INIT_TARGET, "type": "bind", "source": _INIT_SOURCE, "options": ["bind", "ro"]}
    return {**config, "process": process, "mounts": [*config["mounts"], entry]}


def _attachment_message(attachment: Attachment) -> dict[str, Any]:
    return {
        "stdin": attachment.stdin,
        "stdout": attachment.stdout,
        "stderr": attachment.stderr,
        "detach_keys": attachment.detach_keys.hex(),
        "early": attachment.early.hex(),
        "framed": attachment.framed,
    }


def _lock(directory: Path) -> int:
    """A fresh lock file, held: whoever has this descriptor, or a copy, keeps the container from being given up."""
    path = directory / "lock"
    for name in ("lock", "exit.json", "task.json"):
        (directory / name).unlink(missing_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


def _listen(address: Path) -> int:
    """The socket at which a later daemon will find the shim; bound here, so that it is there before the shim acts."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        directory = os.open(address.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            address.unlink(missing_ok=True)
            sock.bind(f"/proc/self/fd/{directory}/{address.name}")
            os.chmod(f"/proc/self/fd/{directory}/{address.name}", 0o600)
        finally:
            os.close(directory)
        sock.listen(16)
        return sock.detach()


def _open_binds(config: dict[str, Any], trees: Mapping[str, int], fds: Fds) -> None:
    """Open each bind mount's source here, in the host's mount namespace: the spawner's does not show it."""
    for index, entry in enumerate(config.get("mounts", ())):
        if entry.get("type", "bind") != "bind":
            continue
        source = entry["source"]
        if entry["destination"] in trees:
            fds[f"mount:{index}"] = os.dup(trees[entry["destination"]])
            continue
        try:
            fds[f"mount:{index}"] = mount.clone_tree(source, recursive="rbind" in (entry.get("options") or ()))
        except KernelError as error:
            message = f'invalid mount config for type "bind": bind source path does not exist: {source}'
            if error.errno != 2:
                message = str(error)
            raise StartFailed("open bind mount", message, error.errno or 0, source) from error
