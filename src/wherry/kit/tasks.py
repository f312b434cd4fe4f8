"""What asyncio leaves to its users."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Protocol, TypeVar

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


def end_if_cancelled(error: BaseException) -> None:
    """For who goes on after failures: raises CancelledError when the running task is to end. A TaskGroup that is
    cancelled raises the errors of its tasks, where there are any, and nothing of the cancellation."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


class Timed(Protocol):
    """What can come to the end of its time."""

    def expire(self) -> None:
        """It has."""


class SameLimit:
    """One limit in seconds for many. One timer serves all of them, for who began first is first out of time: where most
    are done in a moment, a timer for each costs more than they do.

    ``with limit():`` is for a block, in a task of its own, and raises TimeoutError as :func:`asyncio.timeout` does.
    Others :meth:`begin`, and leave :attr:`running` when they are done.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.running: dict[Timed, float] = {}
        """Who is, and when in the loop's time that is over."""
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self) -> "_Limited":
        return _Limited(self)

    def begin(self, timed: Timed, loop: asyncio.AbstractEventLoop) -> None:
        self.running[timed] = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_later(self.seconds, self._fire, loop)

    def _fire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for timed, deadline in tuple(self.running.items()):
            if deadline > now:
                self._timer = loop.call_at(deadline, self._fire, loop)
                return
            del self.running[timed]
            timed.expire()


class _Limited:
    """One block."""

    __slots__ = ("_cancelling", "_expired", "_limit", "_task")

    def __init__(self, limit: SameLimit) -> None:
        self._limit = limit
        self._expired = False
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a limit needs a task that it can end")
        self._task = task
        self._cancelling = task.cancelling()

    def expire(self) -> None:
        self._expired = True
        self._task.cancel()

    def __enter__(self) -> None:
        self._limit.begin(self, self._task.get_loop())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._limit.running.pop(self, None)
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
