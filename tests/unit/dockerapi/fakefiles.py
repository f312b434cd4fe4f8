"""Files of a container, prepared."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from wherry.engine.files.changes import Change, Kind
from wherry.engine.files.paths import PathStat
from wherry.kit.errors import NotFound


@dataclass
class FakeFiles:
    """A file ``/etc/file``, and two changes. ``note`` is called with a container and what was asked of it."""

    note: Callable[..., None]
    error: Exception | None = None

    def _stat(self, path: str) -> PathStat:
        if path != "/etc/file":
            raise NotFound(f"Could not find the file {path} in container c1")
        return PathStat("file", 5, 0o644, 1_767_225_600_500_000_000)

    async def stat(self, ref: str, path: str) -> PathStat:
        self.note(ref, "stat", path)
        return self._stat(path)

    @asynccontextmanager
    async def archive(self, ref: str, path: str) -> AsyncIterator[tuple[PathStat, AsyncIterator[bytes]]]:
        self.note(ref, "archive", path)
        yield self._stat(path), _pieces(b"an ", b"archive")
        self.note("c1", "archive ended")

    async def extract(self, ref: str, wanted: Any, chunks: AsyncIterator[bytes]) -> None:
        data = b"".join([chunk async for chunk in chunks])
        self.note(ref, "extract", wanted, data)
        if self.error is not None:
            raise self.error

    async def changes(self, ref: str) -> Sequence[Change]:
        self.note(ref, "changes")
        return [Change("/etc", Kind.MODIFIED), Change("/new", Kind.ADDED)]

    @asynccontextmanager
    async def export(self, ref: str) -> AsyncIterator[AsyncIterator[bytes]]:
        self.note(ref, "export")
        yield _pieces(b"every", b"thing")


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
