"""What asyncio leaves to its users."""

from collections.abc import Coroutine
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
