"""Who waits for a container's end or removal."""

import asyncio

import msgspec

from wherry.engine.containers.model import State
from wherry.engine.containers.row import Container
from wherry.kit.errors import Invalid

CONDITIONS = ("not-running", "next-exit", "removed")


class WaitResult(msgspec.Struct, frozen=True):
    """``error`` is why a container could not be started."""

    status_code: int
    error: str = ""


Waiter = asyncio.Future[WaitResult]


class Waiting:
    """``condition`` is Docker's: not-running (at once when it does not run), next-exit, removed."""

    def __init__(self) -> None:
        self._waiters: dict[tuple[str, str], list[Waiter]] = {}

    def wait(self, container: Container, condition: str) -> Waiter:
        """Registered before it returns. Cancelling the result is how to stop waiting."""
        if condition not in CONDITIONS:
            raise Invalid(f'invalid condition: "{condition}"')
        waiter: Waiter = asyncio.get_running_loop().create_future()
        if condition == "not-running" and not container.is_active:
            waiter.set_result(WaitResult(container.exit_code, container.error))
            return waiter
        waiters = self._waiters.setdefault((container.id, condition), [])
        waiters[:] = [one for one in waiters if not one.done()]
        waiters.append(waiter)
        return waiter

    def ended(self, container: Container, error: str = "") -> None:
        """A run has ended, or could not begin. Who waits for not-running waits on while it restarts."""
        result = WaitResult(container.exit_code, error)
        self._tell(container, "next-exit", result)
        if container.state is not State.RESTARTING:
            self._tell(container, "not-running", result)

    def removed(self, container: Container) -> None:
        """It is gone: nobody waits for anything of it any more. An error is what kept it from going: none."""
        for condition in CONDITIONS:
            self._tell(container, condition, WaitResult(container.exit_code))

    def _tell(self, container: Container, condition: str, result: WaitResult) -> None:
        for waiter in self._waiters.pop((container.id, condition), ()):
            if not waiter.done():
                waiter.set_result(result)
