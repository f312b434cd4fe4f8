"""A container's runs: begin one, note how it ended, decide what comes next."""

import asyncio
import logging

from wherry.engine.containers import restart
from wherry.engine.containers.cleaning import let_go
from wherry.engine.containers.healthchecks import HealthChecks
from wherry.engine.containers.model import State
from wherry.engine.containers.removal import Removal
from wherry.engine.containers.row import Container
from wherry.engine.containers.starting import Starter
from wherry.engine.containers.surroundings import Surroundings, Work
from wherry.engine.runtime.model import Exit, StartFailed, Task
from wherry.kit.errors import Conflict, Invalid, NotFound

_log = logging.getLogger(__name__)
_UNKNOWN = 128  # moby, daemon/start.go: exitUnknown


class Runs:
    """``work`` is where followers of tasks and waits for restarts go on."""

    def __init__(self, around: Surroundings, removal: Removal, health: HealthChecks, work: Work) -> None:
        self._around = around
        self._removal = removal
        self._health = health
        self._starter = Starter(around)
        self._work = work

    # Begin

    async def begin(self, container: Container) -> None:
        """Start the container's task; its lock is held. A failure is noted and raised, with the container as before."""
        live = self._around.registry.live(container)
        await live.settled.wait()
        try:
            task = await self._starter.start(container, live.take_clients())
        except StartFailed as error:
            self._could_not(container, exit_code(error), _words(error))
            raise Invalid(_words(error)) from error
        except Exception as error:
            self._could_not(container, _UNKNOWN, str(error))
            raise
        container.exit_code, container.error, container.oom_killed = 0, "", False
        self._running(container, task)
        self._tell_volumes(container, "mount")
        self._around.tell(container, "start")

    def _tell_volumes(self, container: Container, action: str) -> None:
        for point in container.mounts:
            if point.name:
                where = {"container": container.id, "destination": point.destination, "driver": "local"}
                more = {"propagation": "", "read/write": str(point.writable).lower()} if action == "mount" else {}
                self._around.events.publish("volume", action, point.name, {**where, **more})

    def _could_not(self, container: Container, code: int, error: str) -> None:
        container.exit_code, container.error = code, error
        if container.pod is not None:  # a container of a pod is not started again: another one is made
            container.finished = self._around.now()
        self._around.registry.save(container)
        self._around.tell(container, "die", exitCode=str(code))
        self._around.waiting.ended(container, error)

    def _running(self, container: Container, task: Task, adopted: bool = False) -> None:
        live = self._around.registry.live(container)
        container.pid = task.pid
        container.started = task.started_nanoseconds
        if container.state not in (State.RUNNING, State.PAUSED):  # as it is when it is adopted
            container.move(State.RUNNING)
        live.task = task
        live.settled.clear()
        self._health.begin(container, adopted)
        self._around.registry.save(container)
        self._work.begin(self._follow(container, task))

    def adopt(self, container: Container, task: Task) -> None:
        """A task that a daemon before us has started."""
        self._running(container, task, adopted=True)

    # End

    async def _follow(self, container: Container, task: Task) -> None:
        ended = await task.wait()
        try:
            await self.ended(container, ended)
        except Exception:
            _log.exception("container %s: after its end", container.id[:12])

    async def ended(self, container: Container, ended: Exit) -> None:
        """The task has ended: write it down and tell it first, then clean up, then go on as was asked for."""
        delay = self._note(container, ended)
        await asyncio.sleep(0)  # who waits for the end is answered before we clean up
        await self.clean(container)
        self._tell_volumes(container, "unmount")
        if delay is not None:
            self.restart_after(container, delay)
        elif container.host.AutoRemove and not self._around.registry.live(container).keep:
            await self.remove_automatically(container)

    def _note(self, container: Container, ended: Exit) -> float | None:
        """Write the end down and tell it. How long to wait before the next run; None: there is none."""
        around = self._around
        live = around.registry.live(container)
        live.task = None
        live.settled.clear()
        seconds = max(0.0, (ended.at_nanoseconds - container.started) / 1e9)
        container.pid = 0
        container.exit_code, container.error, container.oom_killed = ended.code, ended.error, ended.oom_killed
        container.finished = ended.at_nanoseconds
        self._health.end(container)
        delay = self._decide(container, seconds)
        around.registry.save(container)
        if ended.oom_killed:
            around.tell(container, "oom")
        around.tell(container, "die", exitCode=str(ended.code), execDuration=str(int(seconds)))
        around.waiting.ended(container, ended.error)
        around.changes.wake(around.directory(container))
        return delay

    def _decide(self, container: Container, seconds: float) -> float | None:
        """What the restart policy says, in the container's state and counts."""
        if seconds >= restart.STEADY_SECONDS:
            container.failures = 0
        end = restart.End(container.exit_code, container.stopped_by_user, container.restarts, container.failures)
        delay = restart.delay_seconds(container.host.RestartPolicy, end)
        container.move(State.EXITED if delay is None else State.RESTARTING)
        return delay

    async def clean(self, container: Container) -> None:
        """See :func:`cleaning.let_go`."""
        try:
            await let_go(self._around, container)
        finally:
            self._around.registry.live(container).settled.set()

    # Next

    async def remove_automatically(self, container: Container) -> None:
        """``--rm``."""
        try:
            await self._removal.remove(container, force=False, volumes=True)
        except (NotFound, Conflict):
            pass  # somebody was quicker, or started it again

    def restart_after(self, container: Container, delay: float) -> None:
        """Begin another run after ``delay`` seconds, unless somebody asks for something else before."""
        live = self._around.registry.live(container)
        if container.state is State.RESTARTING and live.restart is None:
            live.restart = self._work.begin(self._restart(container, delay))

    async def _restart(self, container: Container, delay: float) -> None:
        live = self._around.registry.live(container)
        await asyncio.sleep(delay)
        async with live.lock:
            live.restart = None
            if container.state is not State.RESTARTING:
                return
            container.restarts += 1
            container.failures += 1
            try:
                await self.begin(container)
            except Exception as error:
                _log.warning("container %s: restart failed: %s", container.id[:12], error)
                self._again(container)

    def _again(self, container: Container) -> None:
        """A restart has failed, perhaps for a reason that goes away: as after an end."""
        delay = self._decide(container, 0)
        self._around.registry.save(container)
        self._around.waiting.ended(container, container.error)
        if delay is not None:
            self.restart_after(container, delay)

    def cancel_restart(self, container: Container) -> None:
        """Let the container rest where it waits for its restart; its lock is held."""
        live = self._around.registry.live(container)
        if live.restart is not None:
            live.restart.cancel()
            live.restart = None


def exit_code(error: StartFailed) -> int:
    """127 for a program that is not there, 126 for one that cannot be run, else 128 (moby, daemon/start.go)."""
    if error.step in ("find program", "execute"):
        return 127 if error.errno == 2 else 126
    return _UNKNOWN


def _words(error: StartFailed) -> str:
    """As dockerd and runc put it: clients look for words in it."""
    return f"failed to create task for container: OCI runtime create failed: unable to start container process: {error}"
