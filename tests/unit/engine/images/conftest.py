"""An image service on a temporary directory, with snapshots in memory and events remembered."""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest

from wherry.engine.content import ContentStore
from wherry.engine.database import Database
from wherry.engine.images import Images
from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.model import (
    DEFAULT_COMMIT,
    DEFAULT_EXTRACT,
    CommitOptions,
    Committed,
    Diff,
    ExtractOptions,
    ExtractResult,
    Guise,
    Sink,
)
from wherry.kit.errors import Invalid, NotFound
from wherry.oci.chain import chain_id


class MemorySnapshots:
    """Remembers what was extracted; ``fail`` is raised instead when it is set."""

    def __init__(self) -> None:
        self.made: dict[str, ExtractResult] = {}
        self.fail: Exception | None = None

    def has(self, chain_id: str) -> bool:
        return chain_id in self.made

    def extract(
        self, chain_id: str, parent: str | None, stream: BinaryIO, options: ExtractOptions = DEFAULT_EXTRACT
    ) -> ExtractResult:
        if self.fail is not None:
            raise self.fail
        data = Decompressed(stream).readall() or b""
        if options.below_ready is not None:
            options.below_ready()
        if parent is not None and parent not in self.made:
            raise NotFound(f"no snapshot {parent}")
        try:
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                members = archive.getmembers()
        except tarfile.TarError as error:
            raise Invalid("layer is not a tar archive") from error
        result = ExtractResult(
            "sha256:" + hashlib.sha256(data).hexdigest(), sum(member.size for member in members), len(members)
        )
        self.made[chain_id] = result
        return result

    def commit(self, upper: Path, parent: str | None, sink: Sink, options: CommitOptions = DEFAULT_COMMIT) -> Committed:
        """A layer with the files that are right in ``upper``, which goes."""
        buffer = io.BytesIO()
        done = self.diff(upper, parent, buffer, options)
        sink.write(buffer.getvalue())
        chain = chain_id(parent, done.diff_id)
        buffer.seek(0)
        self.extract(chain, parent, buffer)
        upper.rename(upper.with_name(f"committed-{done.diff_id[7:]}"))
        return Committed(done.diff_id, done.size_bytes, done.entries, chain)

    def diff(self, upper: Path, parent: str | None, sink: Sink, options: CommitOptions = DEFAULT_COMMIT) -> Diff:
        if self.fail is not None:
            raise self.fail
        buffer = io.BytesIO()
        paths = sorted(upper.iterdir())
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for path in paths:
                member = tarfile.TarInfo(path.name)
                member.size = path.stat().st_size
                archive.addfile(member, io.BytesIO(path.read_bytes()))
        sink.write(buffer.getvalue())
        diff_id = "sha256:" + hashlib.sha256(buffer.getvalue()).hexdigest()
        return Diff(diff_id, sum(path.stat().st_size for path in paths), len(paths))

    @contextmanager
    def view(
        self,
        chain_ids: "list[str]",
        upper: Path | None = None,
        work: Path | None = None,
        guise: Guise | None = None,
        volatile: bool = False,
    ) -> Iterator[int]:
        """Nothing of the layers: an empty directory, or ``upper``."""
        with tempfile.TemporaryDirectory() as empty:
            fd = os.open(upper or empty, os.O_RDONLY | os.O_DIRECTORY)
            try:
                yield fd
            finally:
                os.close(fd)

    def sync(self) -> None:
        pass

    def path(self, chain_id: str) -> Path:
        return Path("/snapshots") / chain_id

    def layers(self, chain_ids: list[str]) -> list[Path]:
        return [self.path(chain_id) for chain_id in reversed(chain_ids)]

    def remove(self, chain_id: str) -> None:
        self.made.pop(chain_id, None)

    def usage(self, chain_id: str) -> int:
        return self.made[chain_id].size_bytes

    def list(self) -> "list[str]":
        return [*self.made]

    def prepare(self, directory: Path, owner: int) -> tuple[Path, Path]:
        return directory / "upper", directory / "work"

    def recover(self) -> None:
        pass


@dataclass
class Told:
    """An EventSink that remembers."""

    events: list[tuple[str, str, str, Mapping[str, str]]] = field(default_factory=list)

    def publish(self, kind: str, action: str, actor: str, attributes: Mapping[str, str] | None = None) -> None:
        self.events.append((kind, action, actor, attributes or {}))

    def actions(self) -> list[tuple[str, str]]:
        return [(action, attributes["name"]) for _, action, _, attributes in self.events]


@dataclass
class Shelf:
    """The service and everything it stands on; ``again`` is what a new process would have."""

    root: Path
    images: Images
    content: ContentStore
    snapshots: MemorySnapshots
    told: Told
    clock: list[int]

    def again(self) -> Images:
        images = Images(
            Database(self.root / "engine.sqlite"), self.content, self.snapshots, self.told, self.root / "tmp", self.now
        )
        images.recover()
        return images

    def now(self) -> int:
        self.clock[0] += 1_000_000_000
        return self.clock[0]

    def blobs(self) -> set[str]:
        return {str(one) for one in self.content.blobs()}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    content, snapshots, told = ContentStore(tmp_path / "content"), MemorySnapshots(), Told()
    clock = [1_767_225_600_000_000_000]  # 2026-01-01

    def now() -> int:
        clock[0] += 1_000_000_000
        return clock[0]

    images = Images(Database(tmp_path / "engine.sqlite"), content, snapshots, told, tmp_path / "tmp", now)
    return Shelf(tmp_path, images, content, snapshots, told, clock)
