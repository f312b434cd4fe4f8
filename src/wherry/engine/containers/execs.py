"""Execs: further processes in a running container, as Docker's API knows them. They are not kept across a restart."""

import os
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from wherry.engine.containers import facts, seccomp, spec, validate
from wherry.engine.containers.model import Config, ExecConfig, HostConfig, State
from wherry.engine.containers.row import Container
from wherry.engine.containers.signals import KILL
from wherry.engine.containers.surroundings import Surroundings, Work
from wherry.engine.containers.units import detach_keys
from wherry.engine.runtime.model import Attachment, Exec, ExecSpec, StartFailed, Task
from wherry.kit.errors import Conflict, Invalid, NotFound, Unavailable

_KEPT = 512


class Client(msgspec.Struct, frozen=True):
    """Who started an exec and wants its streams: a connected socket, and what it sent already. ``detaches``: there are
    keys that end the conversation alone. ``framed``: how it wants its output; None: as there is a terminal or not."""

    fd: int
    early: bytes = b""
    detaches: bool = True
    framed: bool | None = None


class Record(msgspec.Struct):
    """An exec; ``code`` None: it has not ended."""

    id: str
    container: Container
    config: ExecConfig
    running: Exec | None = None
    started: bool = False
    code: int | None = None
    pid: int = 0

    @property
    def tty(self) -> bool:
        return self.config.Tty

    @property
    def exit_code(self) -> int | None:
        """Known as soon as the end is heard of: a client that has seen its stream end asks for it, perhaps before
        whoever follows the exec has had its turn."""
        ended = self.running.exit if self.running is not None else None
        return self.code if ended is None else ended.code


class Execs:
    def __init__(self, around: Surroundings, work: Work) -> None:
        self._around = around
        self._work = work
        self._records: dict[str, Record] = {}

    def create(self, container: Container, config: ExecConfig) -> str:
        """Note what is to be run; the id of it."""
        _check_running(container)
        if not config.Cmd:
            raise Invalid("No exec command specified")
        validate.check_user(config.User)
        validate.check_environment(config.Env)
        if config.WorkingDir and not config.WorkingDir.startswith("/"):
            raise Invalid(f"the working directory '{config.WorkingDir}' is invalid, it needs to be an absolute path")
        detach_keys(config.DetachKeys)
        record = Record(secrets.token_hex(32), container, config)
        self._forget_old()
        self._records[record.id] = record
        self._tell(record, f"exec_create: {' '.join(config.Cmd)}")
        return record.id

    def _forget_old(self) -> None:
        """Clients ask for exit codes after the end, but not for ever."""
        if len(self._records) < _KEPT:
            return
        for name, record in list(self._records.items()):
            if record.code is not None or not self._around.registry.exists(record.container.id):
                del self._records[name]

    def forget(self, exec_id: str) -> None:
        """Nobody will ask for it any more. Idempotent."""
        self._records.pop(exec_id, None)

    def get(self, exec_id: str) -> Record:
        """NotFound in Docker's words."""
        record = self._records.get(exec_id)
        if record is None:
            raise NotFound(f"No such exec instance: {exec_id}")
        return record

    def startable(self, exec_id: str) -> Record:
        """NotFound, or Conflict when it has run or its container does not run."""
        record = self.get(exec_id)
        if record.started:
            verb = "is already running" if record.code is None else "has already run"
            raise Conflict(f"exec command {exec_id} {verb}")
        _check_running(record.container)
        return record

    async def start(self, exec_id: str, client: Client | None, size: tuple[int, int] | None) -> None:
        """Start it; the client's descriptor is taken over in any case."""
        try:
            record = self.startable(exec_id)
            task = self._task(record)
            exec_spec = self._spec(record, client, size)
            record.started = True
        except BaseException:
            if client:
                os.close(client.fd)
            raise
        try:
            record.running = await task.exec(exec_spec)
        except StartFailed as error:
            record.code = 127 if error.errno == 2 else 126
            text = f"OCI runtime exec failed: exec failed: unable to start container process: {error}"
            raise Invalid(text) from error
        except BaseException:
            record.code = 126
            raise
        record.pid = record.running.pid
        self._tell(record, f"exec_start: {' '.join(record.config.Cmd or ())}")
        self._work.begin(self._follow(record, record.running))

    def _task(self, record: Record) -> Task:
        task = self._around.registry.live(record.container).task
        if task is None:
            raise Conflict(f"container {record.container.id} is not running")
        return task

    async def wait(self, exec_id: str) -> int:
        """Exit code of one that was started, when it has ended."""
        record = self.get(exec_id)
        if record.running is not None:
            return (await record.running.wait()).code
        return record.code or 0

    async def kill(self, exec_id: str) -> None:
        """End it with SIGKILL; nothing when it has ended."""
        running = self.get(exec_id).running
        if running is not None:
            try:
                await running.kill(KILL)
            except (NotFound, Unavailable):
                pass

    async def _follow(self, record: Record, running: Exec) -> None:
        ended = await running.wait()
        record.code = ended.code
        record.running = None
        self._tell(record, "exec_die", {"exitCode": str(ended.code)})

    def _spec(self, record: Record, client: Client | None, size: tuple[int, int] | None) -> ExecSpec:
        config, host = record.config, record.container.host
        names = facts.granted(HostConfig(Privileged=True) if config.Privileged else host)
        attachment = None
        if client is not None:
            keys = detach_keys(config.DetachKeys) if client.detaches else b""
            wanted = config.AttachStdin, config.AttachStdout, config.AttachStderr
            attachment = Attachment(client.fd, *wanted, keys, client.early, client.framed)
        if size is None and config.ConsoleSize and any(config.ConsoleSize):
            size = config.ConsoleSize[0], config.ConsoleSize[1]
        return ExecSpec(
            id=record.id,
            process=process(record.container, config, names),
            seccomp=None if config.Privileged else seccomp.compiled(host, names),
            open_stdin=config.AttachStdin,
            privileged=config.Privileged,
            terminal_size=size,
            attachment=attachment,
        )

    async def resize(self, exec_id: str, height: int, width: int) -> None:
        record = self.get(exec_id)
        if record.running is None:
            raise Conflict(f"exec {exec_id} is not running")
        await record.running.resize(height, width)

    def inspect(self, exec_id: str) -> dict[str, Any]:
        """Docker's JSON."""
        record = self.get(exec_id)
        config, code = record.config, record.exit_code
        command = config.Cmd or [""]
        return {
            "ID": record.id,
            "Running": record.started and code is None,
            "ExitCode": code,
            "ProcessConfig": {
                "tty": config.Tty,
                "entrypoint": command[0],
                "arguments": command[1:],
                "privileged": config.Privileged,
                "user": config.User,
            },
            "OpenStdin": config.AttachStdin,
            "OpenStderr": config.AttachStderr,
            "OpenStdout": config.AttachStdout,
            "CanRemove": code is not None,
            "ContainerID": record.container.id,
            "DetachKeys": config.DetachKeys,
            "Pid": record.pid,
        }

    def of(self, container: Container) -> list[str]:
        """Ids of the running ones."""
        return [one.id for one in self._records.values() if one.container.id == container.id and one.running]

    def _tell(self, record: Record, action: str, more: Mapping[str, str] | None = None) -> None:
        self._around.tell(record.container, action, execID=record.id, **(more or {}))


def _check_running(container: Container) -> None:
    if container.state is State.PAUSED:
        raise Conflict(f"container {container.name} is paused, unpause the container before exec")
    if container.state is State.RESTARTING:
        raise Conflict(f"container {container.id} is restarting, wait until the container is running")
    if container.state is not State.RUNNING:
        raise Conflict(f"container {container.id} is not running")


def process(container: Container, config: ExecConfig, capabilities: list[str]) -> dict[str, Any]:
    """The ``process`` object of an exec: the container's, with what is asked for instead. Pure."""
    own, host = container.config, container.host
    merged = Config(Env=[*(own.Env or ()), *(config.Env or ())], Tty=config.Tty)
    return {
        "terminal": config.Tty,
        "user": spec.user(
            container,
            config.User or own.User,
            [int(group) if group.isascii() and group.isdigit() else group for group in host.GroupAdd or ()],
        ),
        "args": list(config.Cmd or ()),
        "env": spec.environment(merged, own.Hostname),
        "cwd": config.WorkingDir or own.WorkingDir or "/",
        "capabilities": {"bounding": capabilities, "effective": capabilities, "permitted": capabilities},
        "noNewPrivileges": "no-new-privileges" in spec.options(host.SecurityOpt),
        "oomScoreAdj": host.OomScoreAdj,
        "rlimits": [
            {"type": f"RLIMIT_{limit.Name.upper()}", "soft": limit.Soft, "hard": limit.Hard}
            for limit in host.Ulimits or ()
        ],
    }
