"""The content store: find, read, write, delete and sweep blobs."""

import fcntl
import hashlib
import io
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from wherry.engine.content.ingest import Ingest
from wherry.engine.content.reader import BlobReader
from wherry.kit.errors import Invalid, NotFound
from wherry.oci.decode import DOCUMENT_LIMIT_BYTES
from wherry.oci.digest import Digest


class ContentStore:
    """Blobs below ``root``; see the package's docstring for the layout. One process uses a root at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._blobs = root / "blobs"
        self._ingests = root / "ingest"
        self._blobs.joinpath("sha256").mkdir(parents=True, exist_ok=True)
        self._ingests.mkdir(exist_ok=True)
        self._write_small("oci-layout", {"imageLayoutVersion": "1.0.0"}, replace=False)
        self._write_small("index.json", _index([]), replace=False)

    def path(self, digest: Digest) -> Path:
        """Where the blob is or would be. ``digest`` is parsed, so it cannot name anything outside."""
        return self._blobs / digest.algorithm / digest.hex

    def has(self, digest: Digest) -> bool:
        return self.path(digest).is_file()

    def size(self, digest: Digest) -> int:
        """Bytes of the blob; NotFound."""
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError as error:
            raise NotFound(f"blob {digest} is not in the content store") from error

    def open(self, digest: Digest) -> BlobReader:
        """A reader that verifies (see :class:`BlobReader`); NotFound. It stays valid when the blob is deleted."""
        try:
            return BlobReader(self.path(digest), digest)
        except FileNotFoundError as error:
            raise NotFound(f"blob {digest} is not in the content store") from error

    def read(self, digest: Digest, limit_bytes: int = DOCUMENT_LIMIT_BYTES) -> bytes:
        """A whole small blob, verified; Invalid when it is larger than ``limit_bytes``."""
        with self.open(digest) as reader:
            if reader.size_bytes > limit_bytes:
                raise Invalid(f"blob {digest} has {reader.size_bytes} bytes; documents have at most {limit_bytes}")
            return io.BufferedReader(reader).read()

    def writer(self, ref: str | None = None, limit_bytes: int | None = None) -> Ingest:
        """Begin (or, with the ``ref`` of an earlier attempt, resume) writing a blob of at most ``limit_bytes``."""
        directory = self._ingests / f"tmp-{secrets.token_hex(8)}" if ref is None else self._resumable(ref)
        return Ingest(directory, ref, limit_bytes, self._store)

    def _resumable(self, ref: str) -> Path:
        return self._ingests / ("ref-" + hashlib.sha256(ref.encode()).hexdigest())

    def received(self, ref: str) -> int | None:
        """Bytes that a resumable ingest has so far; None when there is none of this ref."""
        try:
            return (self._resumable(ref) / "data").stat().st_size
        except FileNotFoundError:
            return None

    def forget(self, ref: str) -> None:
        """Drop what a resumable ingest received; nobody may be writing it. Idempotent."""
        shutil.rmtree(self._resumable(ref), ignore_errors=True)

    def write(self, data: bytes, expected: Digest | None = None) -> Digest:
        """Store a small blob; does nothing when it is there. Invalid when it is not ``expected``."""
        digest = expected or Digest.parse("sha256:" + hashlib.sha256(data).hexdigest())
        if hashlib.new(digest.algorithm, data).hexdigest() != digest.hex:
            raise Invalid(f"blob of {len(data)} bytes is not {digest}")
        if not self.has(digest):
            with self.writer() as ingest:
                ingest.write(data)
                ingest.commit(digest)
        return digest

    def _store(self, source: Path, digest: Digest) -> None:
        target = self.path(digest)
        if digest.algorithm != "sha256":
            target.parent.mkdir(exist_ok=True)
        source.rename(target)
        _fsync_directory(target.parent)

    def delete(self, digest: Digest) -> bool:
        """Remove a blob; False when it was not there."""
        try:
            self.path(digest).unlink()
        except FileNotFoundError:
            return False
        return True

    def blobs(self) -> Iterator[Digest]:
        """Every stored blob, in no order; files that are no blobs are passed over."""
        for algorithm in self._blobs.iterdir():
            for entry in algorithm.iterdir():
                try:
                    yield Digest.parse(f"{algorithm.name}:{entry.name}")
                except Invalid:
                    continue

    def gc(
        self,
        roots: Iterable[Digest],
        children: Callable[[Digest], Iterable[Digest]] | None = None,
        held: Callable[[Digest], bool] = lambda digest: False,
    ) -> int:
        """Delete every blob that no root reaches and nobody has ``held``; returns the bytes freed.

        ``children`` names what a blob refers to (None: the roots are everything there is to keep). Idempotent.
        """
        marked = mark(roots, children or (lambda _: ()))
        freed = 0
        for digest in list(self.blobs()):
            if str(digest) not in marked and not held(digest):
                size = self.size(digest)
                freed += size if self.delete(digest) else 0
        return freed

    def ingests(self) -> dict[str, int]:
        """Resumable ingests: ref → bytes received."""
        found: dict[str, int] = {}
        for directory in self._ingests.glob("ref-*"):
            try:
                found[(directory / "ref").read_text()] = (directory / "data").stat().st_size
            except FileNotFoundError:
                continue
        return found

    def abandon(self, prefix: str, before_seconds: float) -> int:
        """Drop ingests whose ref begins with ``prefix`` and that nobody has written to since then, or is writing to.

        Seconds since 1970; returns the bytes freed. Idempotent.
        """
        freed = 0
        for ref, size in self.ingests().items():
            directory = self._resumable(ref)
            if ref.startswith(prefix) and _is_idle(directory / "data", before_seconds):
                shutil.rmtree(directory, ignore_errors=True)
                freed += size
        return freed

    def recover(self) -> None:
        """At start: remove what a crash left half-written and nobody can resume."""
        for directory in self._ingests.iterdir():
            if not (directory / "ref").exists():
                shutil.rmtree(directory, ignore_errors=True)
        for leftover in self._root.glob(".*.new"):
            leftover.unlink(missing_ok=True)

    def write_index(self, manifests: list[dict[str, Any]]) -> None:
        """Replace index.json: descriptors of the tagged manifests (image-spec image-index.md). Not fsynced: derived."""
        self._write_small("index.json", _index(manifests))

    def _write_small(self, name: str, document: dict[str, Any], replace: bool = True) -> None:
        target = self._root / name
        if replace or not target.exists():
            new = self._root / f".{name}.new"
            new.write_text(json.dumps(document, separators=(",", ":")))
            new.rename(target)


def _is_idle(data: Path, before_seconds: float) -> bool:
    """Whether an ingest's file has no writer (:class:`Ingest` holds a lock on it) and is older than that."""
    try:
        with data.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.fstat(file.fileno()).st_mtime < before_seconds
    except (FileNotFoundError, BlockingIOError):
        return False


def mark(roots: Iterable[Digest], children: Callable[[Digest], Iterable[Digest]]) -> set[str]:
    """Everything reachable from ``roots``, each looked at once; loops end."""
    marked: set[str] = set()
    pending = list(roots)
    while pending:
        digest = pending.pop()
        if str(digest) not in marked:
            marked.add(str(digest))
            pending.extend(children(digest))
    return marked


def _index(manifests: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests}


def _fsync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
