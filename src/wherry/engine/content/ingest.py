"""Writing one blob: to a file of its own, hashed on the way, renamed into place at the end."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from wherry.engine.content.space import space_for
from wherry.kit.errors import Conflict, Invalid, Unavailable
from wherry.oci.digest import Digest

_REHASH_BYTES = 1 << 20


class Ingest:
    """A blob being received.

    Use as a context manager. Leaving the block without :meth:`commit` drops what was written, unless the ingest has a
    ref and the block ended by a lost connection rather than by a full disk: then the bytes stay for the next
    :meth:`ContentStore.writer` of the same ref, which continues at :attr:`offset`.
    One writer a ref at a time (flock). Not thread safe.
    """

    def __init__(
        self, directory: Path, ref: str | None, limit_bytes: int | None, store: Callable[[Path, Digest], None]
    ) -> None:
        self._directory = directory
        self._ref = ref
        self._limit_bytes = limit_bytes
        self._store = store
        self._hash = hashlib.sha256()
        self._offset = 0
        self._done = False
        with space_for("a blob"):
            directory.mkdir(mode=0o700, exist_ok=ref is not None)
            self._fd = os.open(directory / "data", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            self._take_over()
        except BaseException:
            os.close(self._fd)
            raise

    def _take_over(self) -> None:
        """Claim the file and hash what an earlier attempt left in it."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"{self._ref} is being received by another request already") from error
        if self._ref is not None:
            (self._directory / "ref").write_text(self._ref)
        while chunk := os.read(self._fd, _REHASH_BYTES):
            self._hash.update(chunk)
            self._offset += len(chunk)

    @property
    def path(self) -> Path:
        """The file that is being written."""
        return self._directory / "data"

    @property
    def offset(self) -> int:
        """Bytes received so far; where a resumed transfer goes on."""
        return self._offset

    @property
    def digest(self) -> Digest:
        """sha256 of what was received so far."""
        return Digest.parse("sha256:" + self._hash.hexdigest())

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Append; raises Invalid as soon as more came than was announced, Unavailable when the disk is full."""
        size = len(data)
        if self._limit_bytes is not None and self._offset + size > self._limit_bytes:
            raise Invalid(f"more than the announced {self._limit_bytes} bytes were sent")
        view = memoryview(data)
        with space_for("a blob"):
            while view:
                view = view[os.write(self._fd, view) :]
        self._hash.update(data)
        self._offset += size
        return size

    def restart(self) -> None:
        """Forget what was received: the source cannot continue in the middle."""
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        self._hash = hashlib.sha256()
        self._offset = 0

    def commit(self, expected: Digest | None = None, size_bytes: int | None = None) -> Digest:
        """Make the blob visible under its digest, durably, and return that.

        Raises Invalid, dropping the bytes, when they are not what was announced. Idempotent towards the store: a blob
        that is there already stays.
        """
        digest = self.verify(expected, size_bytes)
        # The file's bytes must be on the disk before its name is: a name promises the content (fsync(2)).
        with space_for(f"blob {digest}"):  # delayed allocation may find the disk full only now
            os.fsync(self._fd)
            os.fchmod(self._fd, 0o644)
            self._store(self._directory / "data", digest)
        self._finish()
        return digest

    def verify(self, expected: Digest | None = None, size_bytes: int | None = None) -> Digest:
        """What :meth:`commit` would make visible; raises Invalid as that does, dropping the bytes."""
        if size_bytes is not None and size_bytes != self._offset:
            self.abort()
            raise Invalid(f"blob has {self._offset} bytes, its descriptor says {size_bytes}")
        if expected is None:
            return self.digest
        found = self._hash.hexdigest() if expected.algorithm == "sha256" else self._rehash(expected.algorithm)
        if found != expected.hex:
            self.abort()
            raise Invalid(f"blob hashes to {expected.algorithm}:{found}, expected {expected}")
        return expected

    def _rehash(self, algorithm: str) -> str:
        """Digests other than sha256 are rare: they cost a second read instead of a second hash for everybody."""
        hashed = hashlib.new(algorithm)
        os.lseek(self._fd, 0, os.SEEK_SET)
        while chunk := os.read(self._fd, _REHASH_BYTES):
            hashed.update(chunk)
        return hashed.hexdigest()

    def sync(self) -> None:
        """Write what was received to the disk now, so that :meth:`commit` need not wait for it."""
        with space_for("a blob"):
            os.fsync(self._fd)

    def abort(self) -> None:
        """Drop everything received. Idempotent."""
        self._finish()

    def _finish(self) -> None:
        if not self._done:
            self._done = True
            shutil.rmtree(self._directory, ignore_errors=True)
            os.close(self._fd)

    def close(self) -> None:
        """Leave off; what was received stays for a next writer of the same ref. Idempotent."""
        if self._ref is None:
            self.abort()
        elif not self._done:
            self._done = True
            os.close(self._fd)

    def __enter__(self) -> "Ingest":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Unavailable):
            self.abort()
        else:
            self.close()
