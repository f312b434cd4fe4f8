"""Downloading blobs: a few at a time, each in as many attempts as it takes, from where the one before ended."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Protocol

from wherry.engine.distribution.arrivals import Arrival
from wherry.engine.distribution.asking import Asking
from wherry.engine.distribution.refusals import Refused
from wherry.engine.distribution.repository import Repository
from wherry.engine.distribution.retries import pause
from wherry.engine.images.threads import finished, in_thread_of
from wherry.http.client import Answer, BrokenOff, NoAnswer
from wherry.kit.errors import Invalid

AT_ONCE = 4
"""Blobs being downloaded, of all pulls together. Docker's default is 3 (max-concurrent-downloads)."""

_BATCH_BYTES = 512 << 10  # with what comes on top, below what malloc(3) maps and unmaps each time


class Watcher(Protocol):
    """Who is told how a download goes."""

    def waiting(self) -> None: ...
    def downloading(self, received_bytes: int) -> None: ...
    def retrying(self, seconds: float) -> None: ...
    def verifying(self) -> None: ...


class Downloads:
    """One for the engine: the number at once counts for all pulls."""

    def __init__(self, asking: Asking) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._asking = asking

    async def fetch(self, arrival: Arrival, repository: Repository, threads: Executor, watcher: Watcher) -> None:
        """Return when the arrival is complete, by this download or somebody else's.

        Raises Refused, NoAnswer or BrokenOff when the registry does not give it, Invalid when it lies, Full.
        """
        async with arrival.downloading:
            if arrival.is_complete:
                return
            if self._slots.locked():
                watcher.waiting()
            async with self._slots:
                await in_thread_of(threads, arrival.begin)
                await self._receive(arrival, repository, threads, watcher)
                watcher.verifying()
                await in_thread_of(threads, arrival.finish)

    async def _receive(self, arrival: Arrival, repository: Repository, threads: Executor, watcher: Watcher) -> None:
        failures = 0
        while arrival.received < arrival.size_bytes:
            before = arrival.received
            try:
                await _attempt(arrival, repository, threads, watcher)
            except (Refused, NoAnswer, BrokenOff) as error:
                failures = 1 if arrival.received > before else failures + 1
                seconds = pause(error, failures, self._asking.now())
                if seconds is None:
                    raise
                watcher.retrying(seconds)
                await self._asking.sleep(seconds)


async def _attempt(arrival: Arrival, repository: Repository, threads: Executor, watcher: Watcher) -> None:
    async with repository.blob(arrival.digest, arrival.received) as (answer, known):
        _check_length(arrival, answer, known)
        await _pour(arrival, answer, known, threads, watcher)
    if arrival.received < arrival.size_bytes:
        raise BrokenOff(f"{answer.request}: {arrival.received} of {arrival.size_bytes} bytes came")


def _check_length(arrival: Arrival, answer: Answer, known: int) -> None:
    expected = arrival.size_bytes - arrival.received + known
    if answer.length is not None and answer.length != expected:
        raise Invalid(
            f"blob {arrival.digest} has {answer.length - known + arrival.received} bytes, "
            f"its descriptor says {arrival.size_bytes}"
        )


async def _pour(arrival: Arrival, answer: Answer, known: int, threads: Executor, watcher: Watcher) -> None:
    """Write what comes, a batch in a thread while the next one arrives; the first ``known`` bytes are there."""
    batch: list[bytes] = []
    size = 0
    writing: asyncio.Future[None] | None = None
    loop = asyncio.get_running_loop()
    try:
        async for piece in answer.pieces():
            if known:
                piece, known = piece[known:], known - min(known, len(piece))
            batch.append(piece)
            size += len(piece)
            if size >= _BATCH_BYTES:
                if writing is not None:
                    await writing
                writing = loop.run_in_executor(threads, _write, arrival, batch)
                batch, size = [], 0
                watcher.downloading(arrival.received)
    finally:
        # Whatever ended it, what has come is kept; and the thread has ended before anybody else goes on.
        if writing is not None:
            await finished(writing)
        if batch:
            await in_thread_of(threads, partial(_write, arrival, batch))
        watcher.downloading(arrival.received)


def _write(arrival: Arrival, batch: Sequence[bytes]) -> None:
    arrival.write(b"".join(batch))
