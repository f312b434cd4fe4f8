"""Blobs on their way into the content store, shared by everybody who waits for the same one.

A file grows while somebody downloads it, and is read by those who extract it, who come to its end only when the whole
was found to be what its digest says. It becomes a visible blob later, when an image that needs it is complete; until
then it is a resumable ingest, which outlives a failed pull and a killed engine.

``async`` and ``__enter__`` belong to the event loop's thread; what blocks says so, and is for other threads.
"""

import asyncio
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from wherry.engine.content import ContentStore, Ingest
from wherry.engine.images.images import PULLED
from wherry.kit.errors import Invalid, WherryError
from wherry.oci.digest import Digest


class Interrupted(WherryError):
    """Whoever wanted a blob's bytes does not want them any more."""


class Restarted(WherryError):
    """What was read of a blob is void: it is being received anew."""


class Arrival:
    """One blob. ``downloading`` is held by whoever downloads it."""

    def __init__(self, content: ContentStore, digest: Digest, size_bytes: int) -> None:
        self.digest = digest
        self.size_bytes = size_bytes
        self.downloading = asyncio.Lock()
        self._content = content
        self._ingest: Ingest | None = None
        self._received = 0
        self._complete = False
        self._attempt = 0
        self._changed = threading.Condition()
        self._storing = threading.Lock()

    @property
    def received(self) -> int:
        """Bytes that are there."""
        return self._received

    @property
    def is_complete(self) -> bool:
        """All of it is there and is what the digest says."""
        return self._complete

    def begin(self) -> None:
        """Find what an earlier attempt left; hashes that again. Blocks. Raises Full."""
        if self._ingest is None:
            ingest = self._content.writer(f"{PULLED}{self.digest}", self.size_bytes)
            if ingest.offset > self.size_bytes:
                ingest.restart()
            self._ingest = ingest
        self._grown()

    def write(self, data: bytes) -> None:
        """Append. Blocks. Raises Full, and Invalid when more comes than there should be: then all is dropped."""
        assert self._ingest is not None
        try:
            self._ingest.write(data)
        except WherryError:
            self.drop()
            raise
        self._grown()

    def _grown(self) -> None:
        assert self._ingest is not None
        with self._changed:
            self._received = self._ingest.offset
            self._changed.notify_all()

    def finish(self) -> None:
        """Everything has come: verify it, and let the readers see the end. Blocks. Raises Invalid and drops it all."""
        assert self._ingest is not None
        try:
            self._ingest.verify(self.digest, self.size_bytes)
        except Invalid as error:
            self._reset()
            message = f"filesystem layer verification failed for digest {self.digest}: {error.message}"
            raise Invalid(message) from error
        with self._changed:
            self._complete = True
            self._changed.notify_all()
        self._ingest.sync()

    def store(self) -> None:
        """Make it a blob of the content store. Blocks. Idempotent; only when it is complete."""
        with self._storing:
            if self._ingest is not None:
                self._ingest.commit(self.digest, self.size_bytes)
                self._ingest = None

    def drop(self) -> None:
        """Forget what was received. Blocks. Idempotent."""
        if self._ingest is not None:
            self._ingest.abort()
        self._reset()

    def close(self) -> None:
        """Leave what was received to whoever wants it next. Blocks. Idempotent."""
        if self._ingest is not None:
            self._ingest.close()
        self._reset()

    def _reset(self) -> None:
        with self._changed:
            self._ingest = None
            self._received = 0
            self._attempt += 1
            self._changed.notify_all()

    def open(self, seen: Callable[[int], None]) -> "ArrivingFile":
        """Its bytes as they come; ``seen`` is told, in the reader's thread, how many have been read."""
        return ArrivingFile(self, seen)

    @property
    def attempt(self) -> int:
        """Changes when what was received is void."""
        return self._attempt

    def wait(self, file: "ArrivingFile") -> int:
        """How many bytes are there as soon as that is more than ``file`` has read, or all. Blocks.

        Raises Interrupted and Restarted.
        """
        with self._changed:
            while True:
                if file.is_interrupted:
                    raise Interrupted(f"blob {self.digest} is not waited for any more")
                if file.attempt != self._attempt:
                    raise Restarted(f"blob {self.digest} is being received anew")
                if self._received > file.position or self._complete:
                    return self._received
                self._changed.wait()

    def wake(self) -> None:
        """Let those who wait look again whether they are interrupted."""
        with self._changed:
            self._changed.notify_all()

    def descriptor(self) -> int:
        """A file descriptor of its bytes, for the caller to close. There must have been some. Raises Restarted."""
        ingest = self._ingest
        try:
            if ingest is not None:
                return os.open(ingest.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            pass  # it has become a blob meanwhile
        try:
            return os.open(self._content.path(self.digest), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise Restarted(f"blob {self.digest} is being received anew") from error


class ArrivingFile(io.RawIOBase):
    """The bytes of an arrival, for one thread. Reading waits for what has not come; raises Interrupted, Restarted."""

    def __init__(self, arrival: Arrival, seen: Callable[[int], None]) -> None:
        super().__init__()
        self._arrival = arrival
        self._seen = seen
        self._fd = -1
        self.position = 0
        self.attempt = arrival.attempt
        self.is_interrupted = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # any writable buffer
        there = self._arrival.wait(self)
        wanted = min(len(buffer), there - self.position)
        if wanted <= 0:
            return 0
        if self._fd < 0:
            self._fd = self._arrival.descriptor()
        count = os.preadv(self._fd, [memoryview(buffer)[:wanted]], self.position)
        self.position += count
        self._seen(self.position)
        return count

    def interrupt(self) -> None:
        """Make the reading thread give up; for the event loop's."""
        self.is_interrupted = True
        self._arrival.wake()

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        super().close()


class Arrivals:
    """Every blob that is on its way, while anybody wants it."""

    def __init__(self, content: ContentStore) -> None:
        self._content = content
        self._wanted: dict[tuple[Digest, int], tuple[Arrival, int]] = {}

    @contextmanager
    def wanted(self, digest: Digest, size_bytes: int) -> Iterator[Arrival]:
        """The arrival of a blob; closed when the last who wanted it has left."""
        key = digest, size_bytes
        arrival, count = self._wanted.get(key) or (Arrival(self._content, digest, size_bytes), 0)
        self._wanted[key] = arrival, count + 1
        try:
            yield arrival
        finally:
            arrival, count = self._wanted.pop(key)
            if count > 1:
                self._wanted[key] = arrival, count - 1
            else:
                arrival.close()
