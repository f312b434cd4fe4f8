"""Who waits for a container's end or removal."""

import asyncio

from wherry.engine.containers.model import State
from wherry.engine.containers.registry import Registry
from wherry.engine.containers.row import Container

Result = tuple[int, str]


class Waiting:
    """``condition`` is Docker's: not-running (at once when it does not run), next-exit, removed."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._removed: dict[str, list[asyncio.Future[Result]]] = {}

    def wait(self, container: Container, condition: str) -> "asyncio.Future[Result]":
        """Registered before it returns; the result is (exit code, error)."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        if condition == "not-running" and container.state not in (State.RUNNING, State.PAUSED, State.RESTARTING):
            future.set_result((container.exit_code, container.error))
        elif condition == "removed":
            self._removed.setdefault(container.id, []).append(future)
        else:
            self._registry.live(container).waiters.setdefault(condition, []).append(future)
        return future

    def ended(self, container: Container, error: str) -> None:
        """A run has ended, or could not begin. Who waits for not-running waits on while it restarts."""
        waiters = self._registry.live(container).waiters
        names = ["next-exit"] if container.state is State.RESTARTING else ["next-exit", "not-running"]
        for name in names:
            for future in waiters.pop(name, ()):
                if not future.done():
                    future.set_result((container.exit_code, error))

    def removed(self, container: Container) -> None:
        for future in self._removed.pop(container.id, ()):
            if not future.done():
                future.set_result((container.exit_code, ""))
