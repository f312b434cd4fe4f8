"""Send signals to containers and wait for what comes of it."""

import asyncio

from wherry.engine.containers.model import State
from wherry.engine.containers.row import Container
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.containers.waiting import Waiter
from wherry.kit.errors import Conflict, NotFound, Unavailable

KILL = 9
_PATIENCE_SECONDS = 10.0  # from SIGKILL to the end; longer only where the kernel is stuck (a dead file server)


class Signals:
    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def send(self, container: Container, number: int) -> None:
        """Send one, and tell it; nothing when nobody is there to get it."""
        task = self._around.registry.live(container).task
        if task is None:
            return
        try:
            await task.kill(number)
        except (NotFound, Unavailable):
            return
        self._around.tell(container, "kill", signal=str(number))

    async def stop(self, container: Container, number: int, seconds: float | None) -> None:
        """Ask with a signal, and after ``seconds`` (None: never) insist with SIGKILL. Returns after the end."""
        ended = self._around.waiting.wait(container, "not-running")
        await self.send(container, number)
        if number != KILL and not await within(ended, seconds):
            await self.send(container, KILL)
        await self._end(container, ended)

    async def kill(self, container: Container) -> None:
        """SIGKILL; returns after the end."""
        ended = self._around.waiting.wait(container, "not-running")
        await self.send(container, KILL)
        if container.state is State.PAUSED:  # version 1's freezer holds even SIGKILL back
            await self.thaw(container)
        await self._end(container, ended)

    async def _end(self, container: Container, ended: Waiter) -> None:
        if not await within(ended, _PATIENCE_SECONDS):
            ended.cancel()
            raise Unavailable(f"container {container.id} did not end within {_PATIENCE_SECONDS:.0f} s of SIGKILL")

    async def thaw(self, container: Container) -> None:
        """Let a paused container go on."""
        around = self._around
        await asyncio.to_thread(around.group(around.cgroup(container)).thaw)
        if container.state is not State.PAUSED:
            return  # it has ended meanwhile
        container.move(State.RUNNING)
        around.registry.save(container)
        around.tell(container, "unpause")

    async def freeze(self, container: Container) -> None:
        """Stop every process of a running container where it stands."""
        around = self._around
        await asyncio.to_thread(around.group(around.cgroup(container)).freeze)
        if container.state is not State.RUNNING:
            raise Conflict(f"container {container.id} is not running")
        container.move(State.PAUSED)
        around.registry.save(container)
        around.tell(container, "pause")


async def within(waiter: Waiter, seconds: float | None) -> bool:
    """Whether it came in time; the waiter goes on waiting."""
    done, _ = await asyncio.wait((waiter,), timeout=seconds)
    return bool(done)
