"""A builder that does as it is told, and remembers what it was asked."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.unit.engine.containers import harness
from wherry.engine.build.builds import Built, Pruned
from wherry.engine.build.cache import Record
from wherry.engine.build.model import Event, Options, Source, Tell
from wherry.engine.build.upload import ignore_of, source_of
from wherry.oci.reference import Reference


@dataclass
class FakeBuilder:
    """``events`` are told, then ``error`` is raised if there is one. ``uploads`` is where contexts are."""

    directory: Path
    events: Sequence[Event] = ()
    error: Exception | None = None
    sources: list[Source] = field(default_factory=list)
    options: list[Options] = field(default_factory=list)
    tags: list[list[str]] = field(default_factory=list)
    received: bytes = b""
    fetched_from: list[tuple[str, bool]] = field(default_factory=list)
    pruned: list[tuple[bool, int, int]] = field(default_factory=list)
    go: Callable[[], Any] | None = None

    def __call__(self) -> "FakeBuilder":
        return self

    def usage(self) -> Sequence[Record]:
        return []

    @asynccontextmanager
    async def uploaded(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Path]:
        self.received = b"".join([chunk async for chunk in chunks])
        yield self.directory

    @asynccontextmanager
    async def fetched(self, address: str, keep_git: bool = False) -> AsyncIterator[Path]:
        self.fetched_from.append((address, keep_git))
        yield self.directory

    def source_of(self, directory: Path, name: str, is_passing: bool = False) -> Source:
        return source_of(directory, name, is_passing)

    def ignore_of(self, directory: Path) -> str:
        return ignore_of(directory)

    async def build(self, source: Source, options: Options, tags: Sequence[Reference], tell: Tell) -> Built:
        self.sources.append(source)
        self.options.append(options)
        self.tags.append([str(tag) for tag in tags])
        for event in self.events:
            tell(event)
        if self.go is not None:
            await self.go()
        if self.error is not None:
            raise self.error
        return Built(harness.image("demo:1"), ["a warning"])

    async def prune(self, everything: bool, keep_bytes: int = 0, older_nanoseconds: int = 0) -> Pruned:
        self.pruned.append((everything, keep_bytes, older_nanoseconds))
        return Pruned(["key"], 5)
