"""Uploads: begin (or mount, or do it all in one request), go on, finish, ask, give up."""

from aiohttp import web

from wherry.engine.registry.blobs import Blobs
from wherry.engine.registry.names import check_name, parse_digest
from wherry.engine.registry.uploads import Chunk, Uploads
from wherry.oci.digest import Digest
from wherry.registryapi.call import Call, location
from wherry.registryapi.ranges import chunk


class UploadEndpoints:
    """``/v2/<name>/blobs/uploads/…``."""

    def __init__(self, uploads: Uploads, blobs: Blobs) -> None:
        self._uploads = uploads
        self._blobs = blobs

    async def begin(self, call: Call) -> web.StreamResponse:
        """POST ("Pushing blobs", "Mounting a blob from another repository").

        A mount that cannot be is an upload like any other: the client sends the blob.
        """
        mount, source = call.parameter("mount"), call.parameter("from")
        if mount and source:
            digest = parse_digest(mount)
            if self._blobs.mount(call.name, digest, check_name(source)):
                return _created(call, digest)
        elif call.parameter("digest"):
            digest = parse_digest(call.parameter("digest"))
            await self._uploads.finish(call.name, self._uploads.begin(call.name), digest, _chunk(call))
            return _created(call, digest)
        return _accepted(call, self._uploads.begin(call.name), 0)

    async def append(self, call: Call) -> web.StreamResponse:
        """PATCH ("Pushing a blob in chunks")."""
        offset = await self._uploads.append(call.name, call.reference, _chunk(call))
        return _accepted(call, call.reference, offset)

    async def finish(self, call: Call) -> web.StreamResponse:
        """PUT, with the last chunk or without a body."""
        digest = parse_digest(call.parameter("digest"))
        await self._uploads.finish(call.name, call.reference, digest, _chunk(call))
        return _created(call, digest)

    async def status(self, call: Call) -> web.StreamResponse:
        """GET: how far it came."""
        offset = self._uploads.offset(call.name, call.reference)
        return _accepted(call, call.reference, offset, status=204)

    async def cancel(self, call: Call) -> web.StreamResponse:
        """DELETE ("Canceling an upload" of docker's specification)."""
        self._uploads.cancel(call.name, call.reference)
        return web.Response(status=204)


def _chunk(call: Call) -> Chunk:
    start, length = chunk(call.header("Content-Range"), call.request.content_length)
    return Chunk(call.chunks(), start, length)


def _accepted(call: Call, upload: str, offset: int, status: int = 202) -> web.Response:
    return web.Response(
        status=status,
        headers={
            "Location": location(call.name, "blobs", "uploads", upload),
            "Range": received(offset),
            "Docker-Upload-UUID": upload,
        },
    )


def received(offset: int) -> str:
    """``Range`` of an upload: the first and the last byte that are here. Nothing yet is ``0-0``, as in
    docker-registry: the specification has no form for it."""
    return f"0-{max(offset - 1, 0)}"


def _created(call: Call, digest: Digest) -> web.Response:
    headers = {"Location": location(call.name, "blobs", str(digest)), "Docker-Content-Digest": str(digest)}
    return web.Response(status=201, headers=headers)
