"""A runtime in memory: no process is made. For tests of what stands above, and for simulated nodes.

A :class:`FakeMachine` is what outlives a daemon: tasks that run, exits nobody has heard of yet. Each
:class:`FakeRuntime` on it is one daemon's view, as a :class:`wherry.engine.runtime.client.ShimRuntime` is of a real
machine.
"""

import asyncio
import os
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wherry.engine.runtime.logfile import LogWriter
from wherry.engine.runtime.model import (
    Attachment,
    ExecSpec,
    Exit,
    Isolation,
    Namespace,
    Recovered,
    StartFailed,
    TaskSpec,
)
from wherry.kit.errors import NotFound, Unavailable

_NUMBERS = {"stdout": 1, "stderr": 2}
_LOST = "the container's shim was lost, and the container with it"


@dataclass(frozen=True, slots=True)
class Life:
    """How a program behaves: what it writes as (stream, bytes), and how it ends.

    ``seconds`` None: only by a signal; ``ignored`` are signals that do not end it. ``failure`` is raised by its start.
    """

    output: Sequence[tuple[str, bytes]] = ()
    code: int = 0
    seconds: float | None = 0.0
    ignored: frozenset[int] = frozenset()
    failure: StartFailed | None = None


Program = Callable[[Sequence[str]], Life]


def ordinary(arguments: Sequence[str]) -> Life:
    """``true``, ``false``, ``exit N``, ``echo …``, ``sleep N``; ``missing`` is not found, ``deaf`` ignores SIGTERM.

    Everything else runs until a signal ends it.
    """
    match list(arguments):
        case ["true"]:
            return Life()
        case ["false"]:
            return Life(code=1)
        case ["exit", code]:
            return Life(code=int(code))
        case ["echo", *words]:
            return Life([("stdout", " ".join(words).encode() + b"\n")])
        case ["sleep", seconds]:
            return Life(seconds=float(seconds))
        case ["deaf"]:
            return Life(seconds=None, ignored=frozenset({15}))
        case ["missing", *_]:
            text = 'exec: "missing": executable file not found in $PATH'
            return Life(failure=StartFailed("find program", text, 2, "missing"))
    return Life(seconds=None)


@dataclass(slots=True)
class FakeMachine:
    """Where tasks live. ``program`` says how they behave; the other fields are for a test to look at.

    ``sandboxes`` are those not started yet; ``gone`` holds the exit of a task that nobody has cleaned up after.
    """

    program: Program = ordinary
    now: Callable[[], int] = time.time_ns
    tasks: dict[str, "FakeTask"] = field(default_factory=dict)
    gone: dict[str, Exit] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    sandboxes: set["FakeSandbox"] = field(default_factory=set)
    cleaned: list[str] = field(default_factory=list)
    held: set[int] = field(default_factory=set)
    pids: int = 1000

    def next_pid(self) -> int:
        self.pids += 1
        return self.pids

    def end_daemon(self) -> None:
        """The daemon was killed: sandboxes that were not started end with it, tasks go on."""
        for sandbox in list(self.sandboxes):
            sandbox.die()

    def reboot(self) -> None:
        """Nothing runs any more, and no exit was written."""
        self.end_daemon()
        for name, task in list(self.tasks.items()):
            task.forget()
            self.lost.add(name)
        self.tasks = {}
        self.held.clear()


class FakeRuntime:
    """See model.Runtime. ``fail_spawn`` is raised by the next spawn, when it is set."""

    def __init__(self, machine: FakeMachine | None = None) -> None:
        self.machine = machine or FakeMachine()
        self.fail_spawn: Exception | None = None

    async def spawn(self, isolation: Isolation) -> "FakeSandbox":
        await asyncio.sleep(0)
        if self.fail_spawn is not None:
            failure, self.fail_spawn = self.fail_spawn, None
            raise failure
        return FakeSandbox(self.machine, isolation)

    async def recover(self, container_id: str, directory: Path, cgroup: str) -> Recovered:
        await asyncio.sleep(0)
        task = self.machine.tasks.get(container_id)
        if task is not None:
            return Recovered(task, None)
        ended = self.machine.gone.get(container_id)
        if ended is None and container_id in self.machine.lost:
            ended = Exit(255, self.machine.now(), error=_LOST)
        if ended is not None:
            await self.clean(container_id, directory, cgroup)
        return Recovered(None, ended)

    async def clean(self, container_id: str, directory: Path, cgroup: str) -> None:
        await asyncio.sleep(0)
        self.machine.cleaned.append(container_id)
        self.machine.lost.discard(container_id)

    async def close(self) -> None:
        """Tasks go on."""


class FakeSandbox:
    """See model.Sandbox. Its network namespace is /dev/null."""

    def __init__(self, machine: FakeMachine, isolation: Isolation) -> None:
        self._machine = machine
        self.isolation = isolation
        self.pid = machine.next_pid()
        own = isolation.network is Namespace.NEW and isolation.join_network is None
        self.netns_fd = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC) if own else None
        self.alive = True
        machine.sandboxes.add(self)

    async def start(self, spec: TaskSpec) -> "FakeTask":
        await asyncio.sleep(0)
        if not self.alive:
            _close(spec.attachments)
            raise StartFailed("start", "the container's shim ended while it was starting")
        self.die()
        life = self._machine.program(spec.config["process"]["args"])
        if life.failure is not None:
            _close(spec.attachments)
            raise life.failure
        self._machine.gone.pop(spec.id, None)
        return FakeTask(self._machine, spec, self.pid, life)

    async def discard(self) -> None:
        self.die()

    async def hold(self) -> None:
        """Its process goes on: ``machine.held`` has its pid."""
        if not self.alive:
            raise StartFailed("hold", "the shim ended before its process could stay")
        self.die()
        self._machine.held.add(self.pid)

    def die(self) -> None:
        """End without having run anything. Idempotent."""
        self.alive = False
        self._machine.sandboxes.discard(self)
        if self.netns_fd is not None:
            os.close(self.netns_fd)
            self.netns_fd = None


class _Running:
    """Something with a life: it ends by itself or by a signal, once."""

    def __init__(self, machine: FakeMachine, life: Life) -> None:
        loop = asyncio.get_running_loop()
        self._machine = machine
        self._life = life
        self._exit: asyncio.Future[Exit] = loop.create_future()
        self._timer = None if life.seconds is None else loop.call_later(life.seconds, self.end, life.code)
        self.signals: list[int] = []
        self.sizes: list[tuple[int, int]] = []

    def end(self, code: int, oom_killed: bool = False) -> None:
        """End now; nothing when it has ended."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._exit.done():
            ended = Exit(code, self._machine.now(), oom_killed)
            self._ending(ended)
            self._exit.set_result(ended)

    def _ending(self, ended: Exit) -> None:
        """Before anybody hears of it."""

    def take(self, signal: int) -> None:
        """A signal comes; NotFound when nobody is there to get it."""
        if self._exit.done():
            raise NotFound("the process has ended")
        self.signals.append(int(signal))
        if signal not in self._life.ignored and signal not in (17, 18, 20, 23, 28):  # signal(7): ignored or stopping
            self.end(128 + int(signal))

    @property
    def exit(self) -> Exit | None:
        return self._exit.result() if self._exit.done() else None

    async def wait(self) -> Exit:
        return await asyncio.shield(self._exit)

    async def resize(self, height: int, width: int) -> None:
        self.sizes.append((height, width))


class FakeTask(_Running):
    """See model.Task. ``spec`` is what it was started with."""

    def __init__(self, machine: FakeMachine, spec: TaskSpec, pid: int, life: Life) -> None:
        super().__init__(machine, life)
        self.id = spec.id
        self.pid = pid
        self.spec = spec
        self.started_nanoseconds = machine.now()
        self.username_ids = (0, 0)
        self.execs: dict[str, FakeExec] = {}
        self._clients = list(spec.attachments)
        self._log = LogWriter(str(spec.log.path), spec.log.max_bytes, spec.log.max_files) if spec.log else None
        machine.tasks[spec.id] = self
        for stream, data in life.output:
            self.write(stream, data)

    def write(self, stream: str, data: bytes) -> None:
        """The program writes something."""
        if self._log:
            self._log.write(stream, data)
        tty = bool(self.spec.config["process"].get("terminal"))
        for client in self._clients:
            if getattr(client, stream):
                _send(client, data if tty else struct.pack(">BxxxI", _NUMBERS[stream], len(data)) + data)

    def _ending(self, ended: Exit) -> None:
        self._machine.tasks.pop(self.id, None)
        self._machine.gone[self.id] = ended
        for running in self.execs.values():
            running.end(137)
        self._close()

    def _close(self) -> None:
        _close(self._clients)
        self._clients = []
        if self._log:
            for stream in _NUMBERS:
                self._log.finish(stream)
            self._log.close()
            self._log = None

    def forget(self) -> None:
        """The machine was switched off."""
        if self._timer is not None:
            self._timer.cancel()
        self._close()

    async def attach(self, attachment: Attachment) -> None:
        if self._exit.done():
            _close([attachment])
            raise Unavailable("the container's shim is gone")
        self._clients.append(attachment)

    async def exec(self, spec: ExecSpec) -> "FakeExec":
        await asyncio.sleep(0)
        attachments = [spec.attachment] if spec.attachment else []
        life = self._machine.program(spec.process["args"])
        if life.failure is not None or self._exit.done():
            _close(attachments)
            raise life.failure or StartFailed("exec", "the container has ended")
        running = self.execs[spec.id] = FakeExec(self._machine, spec, life)
        return running

    async def kill(self, signal: int, everyone: bool = False) -> None:
        self.take(signal)

    async def reopen_log(self) -> None:
        if self._log:
            self._log.reopen()


class FakeExec(_Running):
    """See model.Exec."""

    def __init__(self, machine: FakeMachine, spec: ExecSpec, life: Life) -> None:
        super().__init__(machine, life)
        self.pid = machine.next_pid()
        self.spec = spec
        client = spec.attachment
        for stream, data in life.output if client else ():
            assert client is not None
            _send(client, struct.pack(">BxxxI", _NUMBERS[stream], len(data)) + data)

    def _ending(self, ended: Exit) -> None:
        _close([self.spec.attachment] if self.spec.attachment else [])

    async def kill(self, signal: int) -> None:
        self.take(signal)


def _send(client: Attachment, data: bytes) -> None:
    try:
        os.write(client.fd, data)
    except OSError:
        pass  # a client that has gone, or does not read


def _close(attachments: Sequence[Attachment]) -> None:
    for attachment in attachments:
        os.close(attachment.fd)
