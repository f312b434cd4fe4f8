"""Deleting blobs and snapshots that no row owns, never under the hands of somebody about to own them.

A load finds that a layer is there and skips it; a removal beside it must not take that layer before the load has
written its row. So nothing is deleted while any operation that adds is under way: what it leaves over, and what
removals leave over meanwhile, goes when the last of them has ended.
"""

import asyncio
from collections.abc import Callable, Iterable
from enum import Enum
from types import TracebackType

import msgspec

from wherry.engine.images.threads import in_thread


class Kind(Enum):
    """The chain id of a first layer and the digest of its blob may be the same text."""

    BLOB = "blob"
    SNAPSHOT = "snapshot"


class Name(msgspec.Struct, frozen=True):
    """A blob by its digest, or a snapshot by its chain id."""

    kind: Kind
    id: str


class Sweeper:
    """``wanted`` tells whether a row owns a name; ``delete`` removes it (run in a thread; idempotent)."""

    def __init__(self, wanted: Callable[[Name], bool], delete: Callable[[Name], object]) -> None:
        self._wanted = wanted
        self._delete = delete
        self._works = 0
        self._pending: set[Name] = set()
        self._sweeping = asyncio.Lock()

    def work(self) -> "Work":
        return Work(self)

    async def begin(self) -> None:
        async with self._sweeping:
            self._works += 1

    async def end(self, touched: Iterable[Name]) -> None:
        self._works -= 1
        await self.discard(touched)

    async def discard(self, names: Iterable[Name]) -> None:
        """Delete what of ``names`` no row owns, now or when the last work has ended."""
        self._pending.update(names)
        async with self._sweeping:
            while self._pending and not self._works:
                name = self._pending.pop()
                if not self._wanted(name):
                    await in_thread(self._delete, name)


class Work:
    """An operation that adds an image. Leaving it removes what it touched and no row owns: an image is whole or none.

    An asynchronous context manager, for one task.
    """

    def __init__(self, sweeper: Sweeper) -> None:
        self._sweeper = sweeper
        self._touched: set[Name] = set()

    def blob(self, digest: str) -> None:
        """A blob that this operation has stored."""
        self._touched.add(Name(Kind.BLOB, digest))

    def snapshot(self, chain_id: str) -> None:
        """A snapshot that this operation is going to make."""
        self._touched.add(Name(Kind.SNAPSHOT, chain_id))

    async def __aenter__(self) -> "Work":
        await self._sweeper.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(self._sweeper.end(self._touched))
