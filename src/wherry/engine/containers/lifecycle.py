"""What clients ask of a container's life: start, stop, kill, restart, pause. One change at a time a container."""

from wherry.engine.containers import validate
from wherry.engine.containers.model import State
from wherry.engine.containers.removal import Removal
from wherry.engine.containers.row import Container
from wherry.engine.containers.runs import Runs
from wherry.engine.containers.signals import KILL, Signals, within
from wherry.engine.containers.surroundings import Surroundings
from wherry.kit.errors import Conflict, NotModified

_KILL_SECONDS = 10.0


class Lifecycle:
    """Every method returns when the change is in the container's row. ``stop_seconds`` is for who asks for none."""

    def __init__(self, around: Surroundings, runs: Runs, signals: Signals, removal: Removal, stop_seconds: int) -> None:
        self._around = around
        self._runs = runs
        self._signals = signals
        self._removal = removal
        self._stop_seconds = stop_seconds

    async def start(self, container: Container) -> None:
        """NotModified when it runs, Invalid when it cannot be started; with ``--rm`` it is gone then."""
        async with self._around.registry.live(container).lock:
            _check_startable(container)
            self._runs.cancel_restart(container)
            container.restarts = container.failures = 0
            container.stopped_by_user = False
            try:
                await self._runs.begin(container)
            except Exception:
                self._rest(container)
                if container.host.AutoRemove:
                    self._removal.remove_ended(container, volumes=True)
                raise

    def _rest(self, container: Container) -> None:
        """It was waiting for a restart, and does no more."""
        if container.state is State.RESTARTING:
            container.move(State.EXITED)
            self._around.registry.save(container)
            self._around.waiting.ended(container, container.error)

    async def stop(self, container: Container, timeout: float | None = None, signal: str | None = None) -> None:
        """Ask it to end, insist after ``timeout`` seconds (negative: never). NotModified when it does not run."""
        number = self._stop_signal(container, signal)
        async with self._around.registry.live(container).lock:
            if not container.is_active:
                raise NotModified(f"container {container.id} is not running")
            await self._stop(container, number, timeout)
        self._around.tell(container, "stop")

    @staticmethod
    def _stop_signal(container: Container, signal: str | None = None) -> int:
        return validate.signal_number(signal or container.config.StopSignal or "TERM")

    async def _stop(self, container: Container, number: int, timeout: float | None) -> None:
        container.stopped_by_user = True
        self._around.registry.save(container)
        if container.state is State.RESTARTING:
            self._runs.cancel_restart(container)
            self._rest(container)
            return
        if container.state is State.PAUSED:
            await self._signals.thaw(container)
        given = timeout if timeout is not None else container.config.StopTimeout
        seconds = self._stop_seconds if given is None else given
        await self._signals.stop(container, number, None if seconds < 0 else seconds)

    async def restart(self, container: Container, timeout: int | None = None, signal: str | None = None) -> None:
        """Stop it when it runs, and start it."""
        number = self._stop_signal(container, signal)
        live = self._around.registry.live(container)
        async with live.lock:
            if container.is_active:
                live.keep = True
                try:
                    await self._stop(container, number, timeout)
                    await live.settled.wait()
                finally:
                    live.keep = False
                self._around.tell(container, "stop")
            _check_startable(container)
            container.restarts = container.failures = 0
            container.stopped_by_user = False
            await self._runs.begin(container)
        self._around.tell(container, "restart")

    async def kill(self, container: Container, signal: str) -> None:
        """Send a signal; after SIGKILL, returns when it has ended. Conflict when it does not run."""
        number = validate.signal_number(signal)
        if container.state not in (State.RUNNING, State.PAUSED):
            raise Conflict(f"cannot kill container: {container.name}: container {container.id} is not running")
        if number in (KILL, self._stop_signal(container)):
            container.stopped_by_user = True
            self._around.registry.save(container)
        ended = self._around.waiting.wait(container, "not-running")
        await self._signals.send(container, number)
        if number == KILL:
            if container.state is State.PAUSED:
                await self._signals.thaw(container)
            await within(ended, _KILL_SECONDS)
        ended.cancel()

    async def pause(self, container: Container) -> None:
        async with self._around.registry.live(container).lock:
            if container.state is State.PAUSED:
                raise Conflict(f"container {container.id} is already paused")
            if container.state is State.RESTARTING:
                raise Conflict(f"container {container.id} is restarting, wait until the container is running")
            if container.state is not State.RUNNING:
                raise Conflict(f"container {container.id} is not running")
            await self._signals.freeze(container)

    async def unpause(self, container: Container) -> None:
        async with self._around.registry.live(container).lock:
            if container.state is not State.PAUSED:
                raise Conflict(f"container {container.id} is not paused")
            await self._signals.thaw(container)


def _check_startable(container: Container) -> None:
    if container.state is State.PAUSED:
        raise Conflict("cannot start a paused container, try unpause instead")
    if container.state is State.RUNNING:
        raise NotModified(f"container {container.id} is already running")
    if container.state in (State.REMOVING, State.DEAD):
        raise Conflict("container is marked for removal and cannot be started")
