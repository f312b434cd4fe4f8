"""The engine's start and end: find containers again, finish what was cut short, start what policies ask for."""

import asyncio
import logging

from wherry.engine.containers import restart
from wherry.engine.containers.joining import Joiner
from wherry.engine.containers.lifecycle import Lifecycle
from wherry.engine.containers.model import State
from wherry.engine.containers.removal import Removal
from wherry.engine.containers.row import Container
from wherry.engine.containers.runs import Runs
from wherry.engine.containers.shm import unmount_shm
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.runtime.model import Exit
from wherry.kit.errors import NotFound, NotModified, WherryError

_log = logging.getLogger(__name__)
_LOST = 255  # containerd's exit status of what nobody saw end


class Recovery:
    def __init__(self, around: Surroundings, lifecycle: Lifecycle, runs: Runs, removal: Removal) -> None:
        self._around = around
        self._lifecycle = lifecycle
        self._runs = runs
        self._removal = removal
        self._joiner = Joiner(around)

    async def start_up(self) -> None:
        """Make rows, tasks, directories and networks agree, whatever instruction a crash came at."""
        around = self._around
        await self._remove_strangers()
        await around.sandboxes.recover()
        around.volumes.recover()
        await asyncio.gather(*(self._recover(container) for container in around.registry))
        around.networks.recover({one.id for one in around.registry if one.is_active} | around.sandboxes.ready())
        await asyncio.gather(*(self._name(container) for container in around.registry if container.is_active))
        around.images.collect(around.registry.image_users)
        await asyncio.gather(*(self._resume(container) for container in around.registry))
        around.pool.start()

    async def _remove_strangers(self) -> None:
        """Directories without a row: of a create that was not acknowledged, of a removal that was begun."""
        around = self._around
        for directory in around.instance.containers.glob("*"):
            if not around.registry.exists(directory.name):
                cgroup = f"{around.instance.cgroup_parent}/{directory.name}"
                await around.runtime.clean(directory.name, directory, cgroup)
                unmount_shm(directory)
                around.trash.throw(directory)

    async def _recover(self, container: Container) -> None:
        try:
            await self._find(container)
        except (OSError, WherryError):
            _log.exception("container %s: cannot be found again", container.id[:12])

    async def _name(self, container: Container) -> None:
        try:
            await self._joiner.resume(container)
        except (OSError, WherryError):
            _log.exception("container %s: its questions for names go unanswered", container.id[:12])

    async def _find(self, container: Container) -> None:
        around = self._around
        directory = around.directory(container)
        directory.mkdir(0o710, exist_ok=True)
        found = await around.runtime.recover(container.id, directory, around.cgroup(container))
        if found.task is not None:
            self._runs.adopt(container, found.task)
            return
        ended = found.exit
        if container.state in (State.RUNNING, State.PAUSED):
            error = "the engine was gone when the container ended"
            await self._runs.ended(container, ended or Exit(_LOST, around.now(), error=error))
        elif ended is not None and ended.at_nanoseconds > max(container.finished, container.created):
            container.started = container.started or ended.at_nanoseconds  # it ran, and nobody was told of its start
            await self._runs.ended(container, ended)
        else:
            await self._runs.clean(container)

    async def _resume(self, container: Container) -> None:
        """Go on as was asked for with a container that does not run."""
        if container.state is State.RESTARTING:
            self._runs.restart_after(container, restart.FIRST_DELAY_SECONDS)
        elif container.state is State.EXITED and container.host.AutoRemove:
            await self._runs.remove_automatically(container)
        elif container.state is State.EXITED:
            end = restart.End(container.exit_code, container.stopped_by_user, container.restarts)
            if restart.at_start(container.host.RestartPolicy, end):
                await self._start(container)

    async def _start(self, container: Container) -> None:
        stopped = container.stopped_by_user
        try:
            await self._lifecycle.start(container)
        except Exception as error:
            container.stopped_by_user = stopped
            _log.warning("container %s: cannot be started with the engine: %s", container.id[:12], error)

    async def shut_down(self) -> None:
        """Stop every container, each in its own way (``wherry down``).

        Those with a restart policy come back with the engine.
        """
        around = self._around
        await asyncio.gather(*(self._stop(one) for one in around.registry if one.is_active))
        for container in around.registry:
            await around.networks.disconnect(container.id)
        await around.sandboxes.shut_down()

    async def _stop(self, container: Container) -> None:
        around = self._around
        removed = around.waiting.wait(container, "removed") if container.host.AutoRemove else None
        try:
            await self._lifecycle.stop(container)
        except (NotModified, NotFound):
            pass
        except WherryError as error:
            _log.warning("container %s: %s", container.id[:12], error)
            return
        await around.registry.live(container).settled.wait()
        if removed is not None and around.registry.exists(container.id):
            await asyncio.wait((removed,), timeout=10)
        elif around.registry.exists(container.id):
            container.stopped_by_user = False  # as with dockerd: the engine's own end is not the user's wish
            around.registry.save(container)
