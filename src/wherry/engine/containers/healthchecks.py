"""Runs the health checks of running containers (HEALTHCHECK, ``--health-cmd``): a command in each, now and then."""

import asyncio
import socket
import struct

from wherry.engine.containers import health
from wherry.engine.containers.execs import Client, Execs
from wherry.engine.containers.health import TIMED_OUT, Check, Health
from wherry.engine.containers.model import ExecConfig, HealthcheckConfig, State
from wherry.engine.containers.row import Container
from wherry.engine.containers.surroundings import Surroundings, Work
from wherry.kit.durations import format_duration
from wherry.kit.errors import WherryError

OUTPUT_BYTES = 4096  # moby, daemon/health.go: maxOutputLen
_HEADER = struct.Struct(">BxxxI")  # Docker's frame: stream, three zero bytes, size


class HealthChecks:
    """What is found is in the container's row: written there when the status changes, otherwise with the next change.

    A container of a pod has probes of its pod's instead. A paused one is not checked, and keeps its status.
    """

    def __init__(self, around: Surroundings, execs: Execs, work: Work) -> None:
        self._around = around
        self._execs = execs
        self._work = work
        self._watches: dict[str, asyncio.Task[None]] = {}

    def begin(self, container: Container, adopted: bool = False) -> None:
        """Watch a run; nothing for a container without a check. ``adopted``: it began before this engine did. The
        row is to be saved."""
        command, rules = health.command(container.config), container.config.Healthcheck
        if command is None or rules is None or container.pod is not None:
            return
        if not adopted or container.health is None:
            container.health = health.begun(container.health)
        self._watches[container.id] = self._work.begin(self._watch(container, command, rules))

    def end(self, container: Container) -> None:
        """The run has ended; the row is to be saved."""
        watch = self._watches.pop(container.id, None)
        if watch is not None:
            watch.cancel()
        if container.health is not None:
            container.health = health.ended(container.health)

    async def _watch(self, container: Container, command: list[str], rules: HealthcheckConfig) -> None:
        now = self._around.now
        while True:
            found = container.health or Health()
            await asyncio.sleep(health.pause_nanoseconds(found, rules, now() - container.started) / 1e9)
            if container.state is not State.RUNNING:
                continue
            check = await self._check(container, command, health.timeout_nanoseconds(rules))
            if container.state is State.RUNNING:
                self._note(container, found, health.after(found, check, rules, container.started))

    def _note(self, container: Container, before: Health, after: Health) -> None:
        container.health = after
        if after.status is not before.status:
            self._around.registry.save(container)
            self._around.tell(container, f"health_status: {after.status}")

    async def _check(self, container: Container, command: list[str], timeout: int) -> Check:
        start = self._around.now()
        try:
            code, output = await self._run(container, command, timeout)
        except (WherryError, OSError) as error:
            code, output = TIMED_OUT, str(error)
        return Check(start, self._around.now(), code, output)

    async def _run(self, container: Container, command: list[str], timeout: int) -> tuple[int, str]:
        """Exit code and output. The time that starting it takes does not count."""
        config = ExecConfig(Cmd=command, AttachStdout=True, AttachStderr=True)
        exec_id = self._execs.create(container, config)
        ours, theirs = socket.socketpair()
        output = bytearray()
        with ours:
            ours.setblocking(False)
            try:
                await self._execs.start(exec_id, Client(theirs.detach(), detaches=False), None)
                async with asyncio.timeout(timeout / 1e9):
                    await _read(ours, output)
                    return await self._execs.wait(exec_id), _text(output)
            except TimeoutError:
                await self._execs.kill(exec_id)
                await self._execs.wait(exec_id)
                said = f"Health check exceeded timeout ({format_duration(timeout)})"
                return TIMED_OUT, f"{said}: {_text(output)}" if output else said
            finally:
                self._execs.forget(exec_id)


async def _read(sock: socket.socket, output: bytearray) -> None:
    """What frames carry, up to one byte more than is kept."""
    loop = asyncio.get_running_loop()
    pending = bytearray()
    while data := await loop.sock_recv(sock, 1 << 16):
        pending += data
        while len(pending) >= _HEADER.size:
            end = _HEADER.size + _HEADER.unpack_from(pending)[1]
            if len(pending) < end:
                break
            output += pending[_HEADER.size : end][: OUTPUT_BYTES + 1 - len(output)]
            del pending[:end]


def _text(output: bytearray) -> str:
    text = output[:OUTPUT_BYTES].decode(errors="replace")
    return text + "..." if len(output) > OUTPUT_BYTES else text
