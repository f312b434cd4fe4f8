"""A reader on a thread, for questions whose answer takes SQLite long: the event loop goes on meanwhile."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from wherry.store.sqlite.connections import connect
from wherry.store.sqlite.reader import Reader

T = TypeVar("T")


class Aside:
    """Has a connection and a thread of its own, both made when they are first needed. One question at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._executor: ThreadPoolExecutor | None = None
        self._reader: Reader | None = None

    async def ask(self, question: Callable[[Reader], T]) -> T:
        """Raises what the question does, and apsw's errors."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, "store-reader")
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._answer, question)

    def _answer(self, question: Callable[[Reader], T]) -> T:
        if self._reader is None:
            self._reader = Reader(connect(self._path, is_reader=True))
        return question(self._reader)

    async def aclose(self) -> None:
        """When the question under way is answered. Idempotent."""
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.to_thread(executor.shutdown)
        if self._reader is not None:
            self._reader.close()
            self._reader = None
