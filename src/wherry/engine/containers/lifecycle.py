"""Start, stop, kill, restart, remove; and what follows when a task ends."""

import asyncio
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from wherry.engine.containers import restart, validate
from wherry.engine.containers.model import State
from wherry.engine.containers.registry import Registry
from wherry.engine.containers.row import Container
from wherry.engine.containers.starting import Starter, Surroundings
from wherry.engine.containers.waiting import Waiting
from wherry.engine.events import EventSink
from wherry.engine.runtime.model import Exit, StartFailed, Task
from wherry.engine.volumes import Volumes
from wherry.kit.errors import Conflict, Invalid, NotFound, NotModified, Unavailable
from wherry.linux.cgroup import Cgroup, layout

_log = logging.getLogger(__name__)
_STOP_SECONDS = 10
_PATIENCE_SECONDS = 10.0


class Lifecycle:
    """Every change of a container's state, one at a time a container (its lock)."""

    def __init__(
        self, around: Surroundings, volumes: Volumes, events: EventSink, waiting: Waiting, now: Callable[[], int]
    ) -> None:
        self._around = around
        self._registry: Registry = around.registry
        self._volumes = volumes
        self._events = events
        self._waiting = waiting
        self._now = now
        self._starter = Starter(around)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def publish(self, container: Container, action: str, **more: str) -> None:
        attributes = {**(container.config.Labels or {}), "image": container.image_name, "name": container.name, **more}
        self._events.publish("container", action, container.id, attributes)

    # Start

    async def start(self, container: Container) -> None:
        async with self._registry.live(container).lock:
            if container.state is State.PAUSED:
                raise Conflict("cannot start a paused container, try unpause instead")
            if container.state is State.RUNNING:
                raise NotModified(f"container {container.name} is already running")
            if container.state in (State.REMOVING, State.DEAD):
                raise Conflict("container is marked for removal and cannot be started")
            self._cancel_restart(container)
            container.failures = 0
            container.stopped_by_user = False
            await self._start(container)

    async def _start(self, container: Container) -> None:
        live = self._registry.live(container)
        clients, live.early_clients = live.early_clients, []
        try:
            task = await self._starter.start(container, clients)
        except StartFailed as error:
            self._failed(container, error)
            raise Invalid(_words(error)) from error
        except BaseException as error:
            container.error = str(error)
            self._registry.save(container)
            raise
        container.state = State.RUNNING
        container.pid = task.pid
        container.started = task.started_nanoseconds
        container.finished = 0 if not container.finished else container.finished
        container.exit_code, container.error, container.oom_killed = 0, "", False
        self._registry.save(container)
        self._watch(container, task)
        self.publish(container, "start")

    def _failed(self, container: Container, error: StartFailed) -> None:
        container.exit_code = exit_code(error)
        container.error = _words(error)
        if container.state is State.RESTARTING:
            container.state = State.EXITED
        self._registry.save(container)
        self.publish(container, "die", exitCode=str(container.exit_code))
        self._waiting.ended(container, container.error)

    def _watch(self, container: Container, task: Task) -> None:
        live = self._registry.live(container)
        live.task = task
        live.cleaned.clear()
        self.spawn(self._follow(container, task))

    def adopt(self, container: Container, task: Task) -> None:
        """A task that a daemon before us has started."""
        container.pid = task.pid
        container.started = task.started_nanoseconds
        if container.state is not State.PAUSED:
            container.state = State.RUNNING
        self._registry.save(container)
        self._watch(container, task)

    def spawn(self, work: "asyncio.Coroutine[object, object, None]") -> None:  # type: ignore[name-defined]
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The end

    async def _follow(self, container: Container, task: Task) -> None:
        ended = await task.wait()
        if self._closing:
            return
        try:
            await self.ended(container, ended)
        except Exception:
            _log.exception("container %s: after its end", container.id[:12])

    async def ended(self, container: Container, ended: Exit) -> None:
        """The task has ended: write it down, tell it, clean up, and go on as the restart policy says."""
        live = self._registry.live(container)
        live.task = None
        ran = (ended.at_nanoseconds - container.started) / 1e9
        container.pid = 0
        container.exit_code, container.error = ended.code, ended.error
        container.oom_killed = ended.oom_killed
        container.finished = ended.at_nanoseconds
        delay = restart.delay_seconds(
            container.host.RestartPolicy,
            restart.End(ended.code, ran, container.stopped_by_user, container.failures),
        )
        container.state = State.EXITED if delay is None else State.RESTARTING
        self._registry.save(container)
        if ended.oom_killed:
            self.publish(container, "oom")
        self.publish(container, "die", exitCode=str(ended.code), execDuration=str(max(0, int(ran))))
        self._waiting.ended(container, "")
        await self._around.networks.disconnect(container.id)
        await self._clean(container)
        live.cleaned.set()
        if container.host.AutoRemove and self._registry.exists(container.id):
            await self._auto_remove(container)
        elif delay is not None:
            if ran >= restart.STEADY_SECONDS:
                container.failures = 0
            live.restart = asyncio.get_running_loop().create_task(self._restart_later(container, delay))

    async def _clean(self, container: Container) -> None:
        directory = self._around.instance.containers / container.id
        await self._around.runtime.clean(container.id, directory, self._starter.cgroup(container))

    async def _auto_remove(self, container: Container) -> None:
        try:
            await self.remove(container, force=False, volumes=True)
        except (NotFound, Conflict):
            pass  # somebody was quicker

    async def _restart_later(self, container: Container, delay: float) -> None:
        await asyncio.sleep(delay)
        live = self._registry.live(container)
        async with live.lock:
            if container.state is not State.RESTARTING:
                return
            live.restart = None
            container.restarts += 1
            container.failures += 1
            try:
                await self._start(container)
            except Exception as error:
                _log.warning("container %s: restart failed: %s", container.id[:12], error)
                ended = Exit(container.exit_code or 127, self._now(), error=str(error))
                self.spawn(self.ended(container, ended))

    def _cancel_restart(self, container: Container) -> None:
        live = self._registry.live(container)
        if live.restart is not None:
            live.restart.cancel()
            live.restart = None

    # Stop and kill

    async def stop(self, container: Container, timeout: int | None = None, signal: str | None = None) -> None:
        async with self._registry.live(container).lock:
            if not container.is_active:
                raise NotModified(f"container {container.name} is not running")
            await self._stop(container, timeout, signal)
        self.publish(container, "stop")

    async def _stop(self, container: Container, timeout: int | None, signal: str | None) -> None:
        container.stopped_by_user = True
        self._registry.save(container)
        if container.state is State.RESTARTING:
            self._cancel_restart(container)
            container.state = State.EXITED
            self._registry.save(container)
            self._waiting.ended(container, "")
            return
        if container.state is State.PAUSED:
            await self.thaw(container)
        number = validate.signal_number(signal or container.config.StopSignal or "TERM")
        given = timeout if timeout is not None else container.config.StopTimeout
        seconds = _STOP_SECONDS if given is None else given
        done = self._waiting.wait(container, "not-running")
        await self._signal(container, number)
        if not await _within(done, None if seconds < 0 else seconds):
            await self._signal(container, 9)
            if not await _within(done, _PATIENCE_SECONDS):
                raise Unavailable(f"container {container.id} did not end within {_PATIENCE_SECONDS:.0f} s of SIGKILL")

    async def _signal(self, container: Container, number: int) -> None:
        task = self._registry.live(container).task
        if task is None:
            return
        try:
            await task.kill(number)
        except (NotFound, Unavailable):
            return
        self.publish(container, "kill", signal=str(number))

    async def kill(self, container: Container, signal: str) -> None:
        number = validate.signal_number(signal)
        if container.state not in (State.RUNNING, State.PAUSED):
            raise Conflict(f"cannot kill container: {container.name}: container {container.id} is not running")
        if container.state is State.PAUSED and number == 9:
            await self.thaw(container)
        stop = validate.signal_number(container.config.StopSignal or "TERM")
        if number in (9, stop):
            container.stopped_by_user = True
            self._registry.save(container)
        done = self._waiting.wait(container, "not-running") if number == 9 else None
        await self._signal(container, number)
        if done is not None:
            await _within(done, _PATIENCE_SECONDS)

    async def restart(self, container: Container, timeout: int | None = None, signal: str | None = None) -> None:
        async with self._registry.live(container).lock:
            if container.is_active:
                await self._stop_for_restart(container, timeout, signal)
            container.stopped_by_user = False
            await self._start(container)
        self.publish(container, "restart")

    async def _stop_for_restart(self, container: Container, timeout: int | None, signal: str | None) -> None:
        kept, container.host.AutoRemove = container.host.AutoRemove, False
        try:
            await self._stop(container, timeout, signal)
            await self._settled(container)
        finally:
            container.host.AutoRemove = kept

    async def _settled(self, container: Container) -> None:
        """Until the clean-up after an end is done: the next task uses the same names."""
        await self._registry.live(container).cleaned.wait()

    # Pause

    async def pause(self, container: Container) -> None:
        async with self._registry.live(container).lock:
            if container.state is State.PAUSED:
                raise Conflict(f"Container {container.name} is already paused")
            if container.state is not State.RUNNING:
                raise Conflict(f"Container {container.name} is not running")
            await asyncio.to_thread(self._group(container).freeze)
            container.state = State.PAUSED
            self._registry.save(container)
            self.publish(container, "pause")

    async def unpause(self, container: Container) -> None:
        async with self._registry.live(container).lock:
            if container.state is not State.PAUSED:
                raise Conflict(f"Container {container.name} is not paused")
            await self.thaw(container)

    async def thaw(self, container: Container) -> None:
        await asyncio.to_thread(self._group(container).thaw)
        container.state = State.RUNNING
        self._registry.save(container)
        self.publish(container, "unpause")

    def _group(self, container: Container) -> Cgroup:
        return Cgroup.at(self._starter.cgroup(container), layout())

    def cgroup(self, container: Container) -> str:
        return self._starter.cgroup(container)

    # Remove

    async def remove(self, container: Container, force: bool, volumes: bool) -> None:
        live = self._registry.live(container)
        if container.is_active and not force:
            what = "paused" if container.state is State.PAUSED else "running"
            hint = (
                "Stop the container before attempting removal or force remove"
                if what == "running"
                else "Unpause and then stop the container before attempting removal or force remove"
            )
            raise Conflict(f'cannot remove container "{container.name}": container is {what}: {hint.lower()}')
        if container.state is State.REMOVING:
            raise Conflict(f"removal of container {container.id} is already in progress")
        async with live.lock:
            if not self._registry.exists(container.id):
                raise NotFound(f"No such container: {container.id}")
            if container.is_active:
                container.host.AutoRemove = False
                await self._stop(container, 0, "KILL")
                await self._settled(container)
            container.state = State.REMOVING
            self._registry.save(container)
            await self._remove_files(container)
            anonymous = [point.name for point in container.mounts if point.anonymous and point.name]
            self._registry.drop(container)
            if container.ids is not None and not self._shares(container):
                self._around.ranges.release(container.ids)
        self._around.images.collect(self._registry.image_users)  # one removed by force while this was made from it
        self.publish(container, "destroy")
        self._waiting.removed(container)
        if volumes:
            for name in anonymous:
                try:
                    self._volumes.remove(name, force=True)
                except Conflict:
                    pass  # another container mounts it (--volumes-from)

    def _shares(self, container: Container) -> bool:
        return any(other.ids == container.ids and other.id != container.id for other in self._registry)

    async def _remove_files(self, container: Container) -> None:
        directory = self._around.instance.containers / container.id
        if not _remove_quickly(directory):
            await asyncio.to_thread(shutil.rmtree, directory, True)

    # The engine's own start and end

    async def settle(self) -> None:
        """Wait for what is under way."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _remove_quickly(directory: Path, most: int = 64) -> bool:
    """Remove a directory with few entries without a thread; False when there are more, and some may be gone."""
    entries: list[tuple[str, bool]] = []
    stack = [str(directory)]
    try:
        while stack:
            top = stack.pop()
            entries.append((top, True))
            with os.scandir(top) as found:
                for entry in found:
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
                    else:
                        entries.append((entry.path, False))
            if len(entries) > most:
                return False
        for path, is_directory in reversed(entries):
            os.rmdir(path) if is_directory else os.unlink(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


async def _within(done: "asyncio.Future[tuple[int, str]]", seconds: float | None) -> bool:
    try:
        await asyncio.wait_for(asyncio.shield(done), seconds)
    except TimeoutError:
        return False
    return True


def exit_code(error: StartFailed) -> int:
    """127 for a program that is not there, 126 for one that cannot be run, else 128 (moby, daemon/start.go)."""
    if error.step in ("find program", "execute"):
        return 127 if error.errno == 2 else 126
    return 128


def _words(error: StartFailed) -> str:
    """As dockerd and runc put it: clients look for words in it."""
    return f"failed to create task for container: OCI runtime create failed: unable to start container process: {error}"
