"""Blobs on their way in, over as many requests as the client likes.

An upload is a row and a resumable ingest of the content store (ref ``registry-upload:<id>``): both survive any end of
the process. Between requests the ingest stays open, so that its hash need not be computed anew; after a restart it is
read once to catch up.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from wherry.engine.content import Ingest
from wherry.engine.images.threads import in_thread
from wherry.engine.registry.blobs import Shelves
from wherry.engine.registry.model import Code, OutOfOrder, Refused
from wherry.kit.errors import Invalid, Unavailable
from wherry.oci.digest import Digest

BATCH_BYTES = 1 << 20
"""Written by a thread in one go while the next are received."""

OPEN_LIMIT = 64
"""Ingests kept open between requests. One beyond is closed, and would be read again to go on."""

UPLOADS_LIMIT = 4096
"""In progress at a time, of all repositories: each is a file."""

_REF = "registry-upload:"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of an upload. ``start``: where the client says that it begins, ``length_bytes``: how long it says that
    it is; None when it does not say."""

    data: AsyncIterator[bytes]
    start: int | None = None
    length_bytes: int | None = None


class Uploads:
    """Every method but :meth:`begin` is Refused (BLOB_UPLOAD_UNKNOWN) for an upload the repository does not have."""

    def __init__(self, shelves: Shelves) -> None:
        self._rows = shelves.rows
        self._content = shelves.content
        self._keeper = shelves.keeper
        self._now = shelves.now
        self._open: dict[str, Ingest] = {}  # the one used last at the end
        self._busy: dict[str, str] = {}  # upload → repository, while a request writes to it

    def begin(self, repository: str) -> str:
        """Id of a new upload, which has no bytes yet. Refused (TOOMANYREQUESTS)."""
        if self._rows.count_uploads() >= UPLOADS_LIMIT:
            raise Refused(Code.TOOMANYREQUESTS, f"{UPLOADS_LIMIT} uploads are in progress already")
        upload = str(uuid.uuid4())
        self._rows.begin_upload(upload, repository, self._now())
        return upload

    def offset(self, repository: str, upload: str) -> int:
        """Bytes received so far: where the client goes on."""
        self._check(repository, upload)
        return self._content.received(_REF + upload) or 0

    async def append(self, repository: str, upload: str, chunk: Chunk) -> int:
        """Receive more; where the upload stands then. What came before a lost connection stays.

        OutOfOrder when it does not begin where the upload stands, Refused (SIZE_INVALID) when it is not as long as
        announced, Unavailable when the disk is full (the upload is gone then).
        """
        async with self._taken(repository, upload) as ingest:
            await self._receive(ingest, chunk)
            return ingest.offset

    async def finish(self, repository: str, upload: str, digest: Digest, last: Chunk) -> None:
        """Receive the rest; the repository has the blob then, and the upload is no more.

        As :meth:`append`, and Refused (DIGEST_INVALID) when the bytes are others: the upload is gone then too.
        """
        async with self._taken(repository, upload) as ingest:
            await self._receive(ingest, last)
            size = ingest.offset
            async with self._keeper.work() as work:
                work.blob(str(digest))
                try:
                    await in_thread(ingest.commit, digest)
                except Invalid as error:
                    self._rows.end_upload(upload)
                    raise Refused(Code.DIGEST_INVALID, error.message) from error
                with self._rows.database.transaction(durable=True):
                    self._rows.link(repository, str(digest), size, self._now())
                    self._rows.end_upload(upload)

    def cancel(self, repository: str, upload: str) -> None:
        """Forget an upload and its bytes. Refused (BLOB_UPLOAD_INVALID) while another request writes to it."""
        self._check(repository, upload)
        if upload in self._busy:
            raise _in_use()
        self.drop(upload)

    def drop(self, upload: str) -> None:
        """Forget an upload that nobody is writing to. Idempotent."""
        ingest = self._open.pop(upload, None)
        if ingest is not None:
            ingest.abort()
        self._content.forget(_REF + upload)
        self._rows.end_upload(upload)

    def is_busy(self, upload: str) -> bool:
        """Whether a request is writing to it."""
        return upload in self._busy

    def is_receiving(self, repository: str) -> bool:
        """Whether a request is writing to an upload of the repository."""
        return repository in self._busy.values()

    def recover(self) -> None:
        """At start: forget the bytes of uploads that have no row."""
        known = set(self._rows.uploads())
        for ref in self._content.ingests():
            if ref.startswith(_REF) and ref.removeprefix(_REF) not in known:
                self._content.forget(ref)

    def close(self) -> None:
        """Let go of all files; the uploads can go on in another process."""
        for ingest in self._open.values():
            ingest.close()
        self._open.clear()

    def _check(self, repository: str, upload: str) -> None:
        if not self._rows.has_upload(repository, upload):
            raise Refused(Code.BLOB_UPLOAD_UNKNOWN, f"blob upload unknown to repository {repository}: begin it anew")

    @asynccontextmanager
    async def _taken(self, repository: str, upload: str) -> AsyncIterator[Ingest]:
        """The upload's ingest for one request. A full disk ends the upload; anything else leaves it as it stands."""
        self._check(repository, upload)
        if upload in self._busy:
            raise _in_use()
        self._busy[upload] = repository
        try:
            self._rows.touch_upload(upload, self._now())
            ingest = self._open.pop(upload, None)
            if ingest is None:
                ingest = await in_thread(self._content.writer, _REF + upload)
            self._open[upload] = ingest
            yield ingest
        except Unavailable:
            self.drop(upload)
            raise
        finally:
            del self._busy[upload]
            if self._rows.has_upload(repository, upload):
                self._rows.touch_upload(upload, self._now())
            else:
                self._open.pop(upload, None)
            self._close_some()

    def _close_some(self) -> None:
        idle = [upload for upload in self._open if upload not in self._busy]
        for upload in idle[: max(0, len(self._open) - OPEN_LIMIT)]:
            self._open.pop(upload).close()

    @staticmethod
    async def _receive(ingest: Ingest, chunk: Chunk) -> None:
        begin = ingest.offset
        if chunk.start is not None and chunk.start != begin:
            raise OutOfOrder(f"the upload stands at {begin}, the chunk begins at {chunk.start}", begin)
        writer = _Writer(ingest)
        try:
            async for data in chunk.data:
                await writer.put(data)
        finally:
            await writer.settle()
        received = ingest.offset - begin
        if chunk.length_bytes is not None and received != chunk.length_bytes:
            raise Refused(Code.SIZE_INVALID, f"{chunk.length_bytes} bytes were announced, {received} came")


class _Writer:
    """Writes to an ingest in a thread while more is received, one batch behind."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._batch: list[bytes] = []
        self._size = 0
        self._writing: asyncio.Future[None] | None = None

    async def put(self, data: bytes) -> None:
        self._batch.append(data)
        self._size += len(data)
        if self._size >= BATCH_BYTES:
            await self._written()
            self._begin()

    async def settle(self) -> None:
        """Write what is left; nothing is being written when this returns. To be called once, whatever happened."""
        await self._written()
        if self._batch:
            self._begin()
            await self._written()

    def _begin(self) -> None:
        batch, self._batch, self._size = self._batch, [], 0
        self._writing = asyncio.ensure_future(in_thread(self._write, batch))

    async def _written(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing

    def _write(self, batch: Iterable[bytes]) -> None:
        for data in batch:
            self._ingest.write(data)


def _in_use() -> Refused:
    return Refused(Code.BLOB_UPLOAD_INVALID, "another request is writing to this upload")
