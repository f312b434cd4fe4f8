"""A step of a build: one program on a stack of layers. Started as every container is, and gone when it has ended.

A step has no row. Its directory is that of a container: what a crash of the daemon leaves of it goes at the next start,
with what is left of creations that were never acknowledged.
"""

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from wherry.engine.containers import memberships, resources, seccomp, validate
from wherry.engine.containers.cleaning import let_go
from wherry.engine.containers.facts import granted
from wherry.engine.containers.model import Config, HostConfig, NetworkingConfig
from wherry.engine.containers.row import Container, MountPoint
from wherry.engine.containers.runs import exit_code
from wherry.engine.containers.starting import Ground, Starter, Trees
from wherry.engine.containers.surroundings import Surroundings, Work
from wherry.engine.runtime.model import Attachment, Exit, StartFailed, Task
from wherry.kit.errors import Invalid, NotFound, Unavailable

_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """What to run, and on what.

    ``layers`` are directories, the topmost first. ``config`` and ``host`` say everything else as for a container: Cmd
    is the whole command, Image means nothing. ``mounts`` are resolved; those that have no path are made by ``trees``
    (see :class:`wherry.engine.containers.starting.Ground`).
    """

    layers: Sequence[Path]
    config: Config
    host: HostConfig
    mounts: Sequence[MountPoint] = ()
    trees: Callable[[int, int | None], Trees] | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step ended. ``upper`` is what it wrote, owned by host ids from ``first_id`` on; gone with the block.

    ``message`` is why it could not be started, else empty.
    """

    exit: Exit
    upper: Path
    first_id: int
    message: str = ""


class Steps:
    """Runs steps, any number at a time."""

    def __init__(self, around: Surroundings, work: Work) -> None:
        self._around = around
        self._work = work
        self._owed: dict[str, Container] = {}
        self._starter = Starter(around)

    @asynccontextmanager
    async def run(self, step: Step, output: int) -> AsyncIterator[Ended]:
        """Run to the end and give what was written; leaving the block removes it. Cancelling ends the program.

        ``output`` is a connected stream socket that gets stdout and stderr as Docker frames them; it is taken over.
        Invalid for what cannot be, NotFound for a network that is not there.
        """
        try:
            container = self._container(step)
        except BaseException:
            os.close(output)
            raise
        directory = self._around.directory(container)
        directory.mkdir(0o710)
        try:
            yield await self._run(container, step, output)
        finally:
            if container.ids is not None:
                self._around.ranges.release(container.ids)
            self._around.trash.throw(directory)

    def _container(self, step: Step) -> Container:
        config, host = step.config, step.host
        identity = secrets.token_hex(32)
        config.Hostname = config.Hostname or ("buildkitsandbox" if host.NetworkMode != "host" else os.uname().nodename)
        validate.check(config, host)
        resources.check(host, os.sched_getaffinity(0))
        seccomp.compiled(host, granted(host))
        command = [config.Cmd] if isinstance(config.Cmd, str) else list(config.Cmd or ())
        if not command:
            raise Invalid("no command specified")
        return Container(
            id=identity,
            name=f"build-{identity[:12]}",
            created=self._around.now(),
            image="",
            image_name="",
            config=config,
            host=host,
            networking=memberships.settle(NetworkingConfig(), host, lambda ref: self._around.networks.get(ref).name),
            path=command[0],
            args=command[1:],
            mounts=list(step.mounts),
            mapped=validate.is_mapped(host, self._around.registry.get),
        )

    async def _run(self, container: Container, step: Step, output: int) -> Ended:
        around = self._around
        upper = around.directory(container) / "upper"
        client = Attachment(fd=output, stdin=False)
        try:
            task = await self._starter.start(container, [client], Ground(step.layers, step.trees))
        except StartFailed as error:
            failed = Exit(exit_code(error), around.now(), error=str(error))
            return Ended(failed, upper, container.ids or 0, str(error))
        try:
            ended = await task.wait()
        except BaseException:
            await self._end(task)
            raise
        finally:
            await self._clean(container)
        return Ended(ended, upper, container.ids or 0)

    @staticmethod
    async def _end(task: Task) -> None:
        try:
            await task.kill(signal.SIGKILL, everyone=True)
            await task.wait()
        except (NotFound, Unavailable):
            pass  # it has just ended

    async def _clean(self, container: Container) -> None:
        if not await let_go(self._around, container):
            self._owed[container.id] = container
            if not self._work.closing:
                self._work.begin(self._clean_later())

    async def _clean_later(self) -> None:
        """Try again until everything is gone: nobody else knows of a step."""
        while self._owed:
            await asyncio.sleep(_RETRY_SECONDS)
            await self.settle()

    async def settle(self) -> None:
        """Let go now of what an ended step could not let go of."""
        for container in list(self._owed.values()):
            if await let_go(self._around, container):
                self._owed.pop(container.id, None)
