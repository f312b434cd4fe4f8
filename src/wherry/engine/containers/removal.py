"""Remove containers. The row goes first: what a crash leaves behind it, the next start removes."""

from wherry.engine.containers.model import State
from wherry.engine.containers.row import Container
from wherry.engine.containers.shm import unmount_shm
from wherry.engine.containers.signals import Signals
from wherry.engine.containers.surroundings import Surroundings
from wherry.kit.errors import Conflict, NotFound


class Removal:
    def __init__(self, around: Surroundings, signals: Signals) -> None:
        self._around = around
        self._signals = signals

    async def remove(self, container: Container, force: bool, volumes: bool) -> None:
        """Remove a container, with ``force`` one that runs, with ``volumes`` its anonymous volumes too.

        Raises Conflict and NotFound in Docker's words, Unavailable when it survives SIGKILL.
        """
        if container.state is State.REMOVING:
            raise Conflict(f"removal of container {container.id} is already in progress")
        if container.is_active and not force:
            raise Conflict(_refusal(container))
        live = self._around.registry.live(container)
        live.keep = True
        try:
            if live.task is not None:
                await self._end(container)  # whoever holds the lock may be waiting for just that
            async with live.lock:
                await self._rest(container)
                await live.settled.wait()
                if not self._around.registry.exists(container.id):
                    raise NotFound(f"No such container: {container.id}")
                self.remove_ended(container, volumes)
        finally:
            live.keep = False

    async def _end(self, container: Container) -> None:
        container.stopped_by_user = True
        await self._signals.kill(container)

    async def _rest(self, container: Container) -> None:
        """See to it that nothing runs, nor will by itself; its lock is held."""
        if container.state is State.RESTARTING:
            live = self._around.registry.live(container)
            if live.restart is not None:
                live.restart.cancel()
                live.restart = None
            container.move(State.EXITED)
        elif container.is_active:
            await self._end(container)

    def remove_ended(self, container: Container, volumes: bool) -> None:
        """Remove a container of which nothing runs. No step waits for another.

        After a failure it is dead, as Docker calls that: it can only be removed again.
        """
        container.move(State.REMOVING)
        try:
            released = self._delete(container, volumes)
            unmount_shm(self._around.directory(container))
            self._around.trash.throw(self._around.directory(container))
        except BaseException:
            container.move(State.DEAD)
            raise
        self._forget(container, released)

    def _delete(self, container: Container, volumes: bool) -> list[str]:
        """Delete the row, and those of anonymous volumes that nobody else uses; their names."""
        around = self._around
        anonymous = [point.name for point in container.mounts if point.anonymous and point.name] if volumes else []
        with around.registry.transaction():
            around.registry.delete(container)
            released = [name for name in anonymous if self._is_last_user(container, name)]
            around.volumes.delete_rows(released)
        return released

    def _forget(self, container: Container, released: list[str]) -> None:
        around = self._around
        around.registry.forget(container)
        if container.ids is not None and not self._shares_ids(container):
            around.ranges.release(container.ids)
        around.volumes.forget(released)
        around.images.collect(around.registry.image_users)
        around.tell(container, "destroy")
        around.waiting.removed(container)

    def _is_last_user(self, container: Container, volume: str) -> bool:
        """Another may mount it by ``--volumes-from``."""
        return set(self._around.registry.volume_users(volume)) <= {container.id}

    def _shares_ids(self, container: Container) -> bool:
        around = self._around
        return any(other.ids == container.ids for other in (*around.registry, *around.sandboxes))


def _refusal(container: Container) -> str:
    if container.state is State.PAUSED:
        return f'cannot remove container "/{container.name}": container is paused and must be unpaused first'
    return (
        f'cannot remove container "/{container.name}": container is {container.state}: '
        "stop the container before removing or force remove"
    )
