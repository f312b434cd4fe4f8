"""Asking again when a server has trouble that may pass."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from wherry.engine.distribution.refusals import Refused
from wherry.engine.distribution.retries import pause
from wherry.http.client import BrokenOff

T = TypeVar("T")

_QUESTIONS = 3
"""Of small questions: a user waits for the answer."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Asking:
    """The clock and asyncio's sleep, but for tests."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], datetime] = _now

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """The answer; raises the last error. A server that does not answer at all is not asked again."""
        for attempt in range(1, _QUESTIONS):
            try:
                return await question()
            except (Refused, BrokenOff) as error:
                seconds = pause(error, attempt, self.now())
                if seconds is None:
                    raise
                await self.sleep(seconds)
        return await question()
