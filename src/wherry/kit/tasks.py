"""What asyncio leaves to its users."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")


class WouldWait(Exception):
    """It cannot be done without waiting for something."""


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine comes to that need not wait, without a task and without a turn of the loop.

    Raises what it raises, and WouldWait when it does have to wait: it is ended there (its ``finally`` runs) and must
    not mind. It may not ask for its task (``asyncio.timeout`` does).
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise WouldWait


def first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The exception that ended a task group: the others came of it, or of its being ended."""
    first = group.exceptions[0]
    return first_cause(first) if isinstance(first, BaseExceptionGroup) else first


class SameLimit:
    """One limit in seconds for many blocks, each in a task of its own: ``with limit():``, which raises TimeoutError as
    :func:`asyncio.timeout` does. One timer serves all of them, for who began first is first out of time: where most
    blocks are done in a moment, a timer for each costs more than they do."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.running: dict[_Limited, float] = {}
        """Blocks, and when in the loop's time they end."""
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, task: "asyncio.Task[Any] | None" = None) -> "_Limited":
        """``task``: the current one, if the caller has it at hand."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.seconds, self._fire, loop)
        return _Limited(self, task)

    def _fire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for block, deadline in tuple(self.running.items()):
            if deadline > now:
                self._timer = loop.call_at(deadline, self._fire, loop)
                return
            del self.running[block]
            block.expire()


class _Limited:
    """One block."""

    __slots__ = ("_cancelling", "_expired", "_limit", "_task")

    def __init__(self, limit: SameLimit, task: "asyncio.Task[Any] | None") -> None:
        self._limit = limit
        self._expired = False
        task = task or asyncio.current_task()
        if task is None:
            raise RuntimeError("a limit needs a task that it can end")
        self._task = task
        self._cancelling = task.cancelling()

    def expire(self) -> None:
        self._expired = True
        self._task.cancel()

    def __enter__(self) -> None:
        limit = self._limit
        limit.running[self] = self._task.get_loop().time() + limit.seconds

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._limit.running.pop(self, None)
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
