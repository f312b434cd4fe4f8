"""Uploading a blob: mounted from another repository, in one piece, or, when that breaks, in chunks that can go on.

The order is the cheapest first. One piece is what every registry takes; what breaks it (a connection, a proxy with a
limit) is survived by chunks (distribution-spec 1.1, "Pushing Blobs").
"""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from urllib.parse import quote

from wherry.engine.content import ContentStore
from wherry.engine.distribution.asking import Asking
from wherry.engine.distribution.connection import Call
from wherry.engine.distribution.refusals import Refused
from wherry.engine.distribution.repository import Repository
from wherry.engine.distribution.retries import ATTEMPTS, pause
from wherry.engine.images.threads import in_thread
from wherry.http.client import Answer, BrokenOff, NoAnswer
from wherry.kit.errors import Invalid
from wherry.oci.digest import Digest

CHUNK_BYTES = 16 << 20
_PIECE_BYTES = 1 << 20
_COMMIT_SECONDS = 600.0
"""How long a registry may take to say that it has stored a blob: some copy it in their object store first."""

_LARGEST_CHUNK_BYTES = 1 << 30
_TOO_LARGE, _OUT_OF_STEP = 413, 416
_RANGE = re.compile(r"(?:bytes=)?0-(\d{1,19})")

Sent = Callable[[int], None]


class Way(Enum):
    """How a blob came to be in a repository."""

    EXISTED = "existed"
    MOUNTED = "mounted"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Blob:
    """What is uploaded. ``elsewhere``: repositories of the same registry that are known to have it."""

    digest: Digest
    size_bytes: int
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Uploaded:
    """``origin``: the repository it was mounted from."""

    way: Way
    origin: str = ""


@dataclass(slots=True)
class _Session:
    """An upload that the registry has opened. ``location`` changes with every answer."""

    location: str
    offset: int = 0
    chunk_bytes: int = CHUNK_BYTES


class Uploads:
    """Blobs of the content store into repositories."""

    def __init__(self, content: ContentStore, asking: Asking) -> None:
        self._content = content
        self._asking = asking

    async def upload(self, repository: Repository, blob: Blob, sent: Sent) -> Uploaded:
        """Make sure the repository has the blob; ``sent`` is told of the bytes. Idempotent.

        Raises Refused, NoAnswer, BrokenOff, Invalid, and Corrupt when the blob is damaged here.
        """
        if await self._asking.ask(lambda: repository.has_blob(blob.digest)):
            return Uploaded(Way.EXISTED)
        session = None
        for origin in blob.elsewhere:
            session = await self._asking.ask(partial(_mount, repository, blob.digest, origin))
            if session is None:
                return Uploaded(Way.MOUNTED, origin)
        await self._send(repository, blob, session, sent)
        return Uploaded(Way.SENT)

    async def _send(self, repository: Repository, blob: Blob, session: _Session | None, sent: Sent) -> None:
        """In one piece, then, as often as it helps, in chunks."""
        try:
            session = session or await _open(repository)
            await self._whole(repository, blob, session, sent)
            return
        except (Refused, NoAnswer, BrokenOff) as error:
            await self._check_own(blob, error)
            seconds = 0.0 if _status(error) == _TOO_LARGE else pause(error, 1, self._asking.now())
            if seconds is None:
                raise
            await self._asking.sleep(seconds)
        await self._in_chunks(repository, blob, sent)

    async def _check_own(self, blob: Blob, error: Exception) -> None:
        """When a registry finds that a blob is not what its digest says, it may be right: raises Corrupt then."""
        if isinstance(error, Refused) and error.code == "DIGEST_INVALID":
            with self._content.open(blob.digest) as reader:
                await in_thread(reader.verify)

    async def _whole(self, repository: Repository, blob: Blob, session: _Session, sent: Sent) -> None:
        body = partial(self._bytes, blob, 0, blob.size_bytes, sent)
        headers = {"Content-Length": str(blob.size_bytes), "Content-Type": "application/octet-stream"}
        target = _with_digest(session.location, blob.digest)
        call = Call("PUT", target, repository.pushing, headers, body, _COMMIT_SECONDS)
        async with repository.connection.send(call) as answer:
            _check_stored(answer, blob.digest)

    async def _in_chunks(self, repository: Repository, blob: Blob, sent: Sent) -> None:
        session: _Session | None = None
        failures = 1  # the one that led here
        while True:
            before = session.offset if session else 0
            try:
                session = session or await _open(repository)
                while session.offset < blob.size_bytes:
                    await self._chunk(repository, blob, session, sent)
                return await _close(repository, blob, session)
            except (Refused, NoAnswer, BrokenOff) as error:
                failures = 1 if session and session.offset > before else failures + 1
                out_of_step = _status(error) == _OUT_OF_STEP and failures < ATTEMPTS
                seconds = 0.0 if out_of_step else pause(error, failures, self._asking.now())
                if seconds is None:
                    raise
                await self._asking.sleep(seconds)
            session = await _where(repository, session) if session else None

    async def _chunk(self, repository: Repository, blob: Blob, session: _Session, sent: Sent) -> None:
        size = min(session.chunk_bytes, blob.size_bytes - session.offset)
        headers = {
            "Content-Length": str(size),
            "Content-Type": "application/octet-stream",
            "Content-Range": f"{session.offset}-{session.offset + size - 1}",
        }
        body = partial(self._bytes, blob, session.offset, size, sent)
        call = Call("PATCH", session.location, repository.pushing, headers, body)
        async with repository.connection.send(call) as answer:
            received = _received(answer)
            if received is not None and received != session.offset + size:
                raise BrokenOff(
                    f"{answer.request}: the registry has {received} bytes, {session.offset + size} were sent"
                )
            session.offset += size
            session.location = answer.location()

    async def _bytes(self, blob: Blob, offset: int, size_bytes: int, sent: Sent) -> AsyncIterator[bytes]:
        with open(self._content.path(blob.digest), "rb", buffering=0) as file:
            file.seek(offset)
            end = offset + size_bytes
            while offset < end and (piece := await in_thread(file.read, min(_PIECE_BYTES, end - offset))):
                yield piece
                offset += len(piece)
                sent(offset)


async def _mount(repository: Repository, digest: Digest, origin: str) -> _Session | None:
    """Ask for a blob of another repository; None: it is here. Else the upload that the registry offers instead."""
    target = f"/v2/{repository.path}/blobs/uploads/?mount={_quoted(digest)}&from={quote(origin, safe='')}"
    scopes = repository.pushing | {f"repository:{origin}:pull"}
    call = Call("POST", target, scopes, {"Content-Length": "0"})
    async with repository.connection.send(call) as answer:
        return None if answer.status == 201 else _session(answer)


async def _open(repository: Repository) -> _Session:
    call = Call("POST", f"/v2/{repository.path}/blobs/uploads/", repository.pushing, {"Content-Length": "0"})
    async with repository.connection.send(call) as answer:
        return _session(answer)


def _session(answer: Answer) -> _Session:
    minimum = answer.headers.get("OCI-Chunk-Min-Length", "")
    chunk = max(CHUNK_BYTES, int(minimum) if minimum.isascii() and minimum.isdigit() else 0)
    return _Session(answer.location(), chunk_bytes=min(chunk, _LARGEST_CHUNK_BYTES))


async def _where(repository: Repository, session: _Session) -> _Session | None:
    """How far the upload came; None: the registry has forgotten it, or does not answer."""
    try:
        async with repository.connection.send(Call("GET", session.location, repository.pushing), 404) as answer:
            if answer.status == 404:
                return None
            location = answer.location() if "Location" in answer.headers else session.location
            return _Session(location, _received(answer) or 0, session.chunk_bytes)
    except (Refused, NoAnswer):
        return None


async def _close(repository: Repository, blob: Blob, session: _Session) -> None:
    target = _with_digest(session.location, blob.digest)
    call = Call("PUT", target, repository.pushing, {"Content-Length": "0"}, b"", _COMMIT_SECONDS)
    async with repository.connection.send(call) as answer:
        _check_stored(answer, blob.digest)


def _received(answer: Answer) -> int | None:
    """Bytes that the registry says it has (``Range: 0-1023``; it says ``0-0`` of none); None: it does not say."""
    match = _RANGE.fullmatch(answer.headers.get("Range", ""))
    if match is None:
        return None
    return int(match[1]) + 1 if int(match[1]) else 0


def _check_stored(answer: Answer, digest: Digest) -> None:
    said = answer.headers.get("Docker-Content-Digest")
    if said and said != str(digest):
        raise Invalid(f"{answer.request}: the registry stored {said[:200]}, not {digest}")


def _with_digest(location: str, digest: Digest) -> str:
    return f"{location}{'&' if '?' in location else '?'}digest={_quoted(digest)}"


def _quoted(digest: Digest) -> str:
    return quote(str(digest), safe="")


def _status(error: Exception) -> int:
    return error.status if isinstance(error, Refused) else 0
