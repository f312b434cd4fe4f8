"""Execs: further processes in a running container, as Docker's API knows them. They are not kept across a restart."""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wherry.engine.containers import facts, spec, validate
from wherry.engine.containers.model import ExecConfig, HostConfig, State
from wherry.engine.containers.registry import Registry
from wherry.engine.containers.row import Container
from wherry.engine.events import EventSink
from wherry.engine.images import Images
from wherry.engine.runtime.model import Attachment, Exec, ExecSpec, StartFailed
from wherry.kit.errors import Conflict, Invalid, NotFound

_KEPT = 512


@dataclass(slots=True)
class Record:
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


class Execs:
    def __init__(self, registry: Registry, images: Images, events: EventSink, spawn: Callable[[Any], None]) -> None:
        self._registry = registry
        self._images = images
        self._events = events
        self._spawn = spawn
        self._records: dict[str, Record] = {}

    def create(self, container: Container, config: ExecConfig) -> str:
        self._check(container)
        validate.check_user(config.User)
        validate.check_environment(config.Env)
        if config.WorkingDir and not config.WorkingDir.startswith("/"):
            raise Invalid(f"the working directory '{config.WorkingDir}' is invalid, it needs to be an absolute path")
        record = Record(secrets.token_hex(32), container, config)
        self._forget_old()
        self._records[record.id] = record
        self._tell(record, f"exec_create: {' '.join(config.Cmd or ())}")
        return record.id

    def _forget_old(self) -> None:
        if len(self._records) >= _KEPT:
            for name, record in list(self._records.items()):
                if record.code is not None or not self._registry.exists(record.container.id):
                    del self._records[name]

    @staticmethod
    def _check(container: Container) -> None:
        if container.state is State.PAUSED:
            raise Conflict(f"container {container.name} is paused, unpause the container before exec")
        if container.state is State.RESTARTING:
            raise Conflict(f"container {container.id} is restarting, wait until the container is running")
        if container.state is not State.RUNNING:
            raise Conflict(f"container {container.id} is not running")

    def get(self, exec_id: str) -> Record:
        record = self._records.get(exec_id)
        if record is None:
            raise NotFound(f"No such exec instance: {exec_id}")
        return record

    def startable(self, exec_id: str) -> Record:
        record = self.get(exec_id)
        if record.started:
            raise Conflict(
                f"exec command {exec_id} is already running"
                if record.code is None
                else f"exec command {exec_id} has already run"
            )
        self._check(record.container)
        return record

    async def start(self, exec_id: str, attachment: Attachment | None, size: tuple[int, int] | None) -> None:
        """Start it; the attachment's descriptor is taken over in any case."""
        try:
            record = self.startable(exec_id)
            task = self._registry.live(record.container).task
            if task is None:
                raise Conflict(f"container {record.container.id} is not running")
        except BaseException:
            if attachment:
                os.close(attachment.fd)
            raise
        record.started = True
        config = record.config
        if size is None and config.ConsoleSize and any(config.ConsoleSize):
            size = config.ConsoleSize[0], config.ConsoleSize[1]
        host = record.container.host
        names = facts.granted(host) if not config.Privileged else facts.granted(HostConfig(Privileged=True))
        exec_spec = ExecSpec(
            id=exec_id,
            process=self._process(record, names),
            seccomp=None if config.Privileged else facts.seccomp_filter(host, names),
            open_stdin=config.AttachStdin,
            privileged=config.Privileged,
            terminal_size=size,
            attachment=attachment,
        )
        try:
            record.running = await task.exec(exec_spec)
        except StartFailed as error:
            record.code = 127 if error.errno == 2 else 126
            text = f"OCI runtime exec failed: exec failed: unable to start container process: {error}"
            raise Invalid(text) from error
        record.pid = record.running.pid
        self._tell(record, f"exec_start: {' '.join(config.Cmd or ())}")
        self._spawn(self._follow(record, record.running))

    async def _follow(self, record: Record, running: Exec) -> None:
        ended = await running.wait()
        record.code = ended.code
        record.running = None
        self._tell(record, "exec_die", {"exitCode": str(ended.code)})

    def _process(self, record: Record, names: list[str]) -> dict[str, Any]:
        container, config = record.container, record.config
        base = self._images.held(container.image).config.config
        image_environment = (base.env if base else None) or ()
        merged = spec.environment(container, image_environment, container.config.Hostname)
        if config.Tty and not any(item.startswith("TERM=") for item in merged):
            merged.append("TERM=xterm")
        own = {item.partition("=")[0] for item in config.Env or ()}
        merged = [item for item in merged if item.partition("=")[0] not in own]
        return {
            "terminal": config.Tty,
            "user": {
                "username": config.User or container.config.User,
                "additionalGids": [int(g) if g.isdigit() else g for g in container.host.GroupAdd or ()],
            },
            "args": list(config.Cmd or ()),
            "env": [*merged, *(item for item in config.Env or () if "=" in item)],
            "cwd": config.WorkingDir or container.config.WorkingDir or "/",
            "capabilities": {"bounding": names, "effective": names, "permitted": names},
            "noNewPrivileges": "no-new-privileges" in spec.options(container.host.SecurityOpt),
            "rlimits": [
                {"type": f"RLIMIT_{limit.Name.upper()}", "soft": limit.Soft, "hard": limit.Hard}
                for limit in container.host.Ulimits or ()
            ],
        }

    async def resize(self, exec_id: str, height: int, width: int) -> None:
        record = self.get(exec_id)
        if record.running is None:
            raise Conflict(f"exec {exec_id} is not running")
        await record.running.resize(height, width)

    def inspect(self, exec_id: str) -> dict[str, Any]:
        record = self.get(exec_id)
        config = record.config
        command = config.Cmd or [""]
        return {
            "ID": record.id,
            "Running": record.running is not None,
            "ExitCode": record.code,
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
            "CanRemove": record.code is not None,
            "ContainerID": record.container.id,
            "DetachKeys": config.DetachKeys,
            "Pid": record.pid,
        }

    def of(self, container: Container) -> list[str]:
        """Ids of the running ones."""
        return [one.id for one in self._records.values() if one.container.id == container.id and one.running]

    def _tell(self, record: Record, action: str, more: Mapping[str, str] | None = None) -> None:
        container = record.container
        attributes = {**(container.config.Labels or {}), "image": container.image_name, "name": container.name}
        self._events.publish("container", action, container.id, {**attributes, "execID": record.id, **(more or {})})
