"""Blobs: ask for, fetch whole or in part, delete."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from wherry.engine.registry.blobs import Blobs
from wherry.http.files import Part, send_file
from wherry.registryapi.call import HEADERS, Call
from wherry.registryapi.errors import render_unparsed
from wherry.registryapi.ranges import Unsatisfiable, requested

FOREVER = "max-age=31536000, immutable"
"""What a digest names never changes; RFC 8246."""


SENDING_LIMIT = 8
"""Threads that send to clients as fast as these take it. Slow ones are waited for without a thread."""


class BlobEndpoints:
    """``/v2/<name>/blobs/<digest>``."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        # Of its own: fast clients must not keep the engine's work from its threads. Made when they are needed.
        self._threads = ThreadPoolExecutor(SENDING_LIMIT, "registry-send")

    async def get(self, call: Call) -> web.StreamResponse:
        """GET and HEAD ("Pulling blobs"), with ``Range`` and ``If-None-Match``."""
        digest = call.digest
        headers = {
            **HEADERS,  # here already: the answer is on its way when it returns
            "Docker-Content-Digest": str(digest),
            "ETag": f'"{digest}"',
            "Accept-Ranges": "bytes",
            "Cache-Control": FOREVER,
            "Content-Type": "application/octet-stream",
        }
        if is_known(call.header("If-None-Match"), str(digest)):
            self._blobs.size(call.name, digest)
            return web.Response(status=304, headers=headers)
        fd, size = self._blobs.open(call.name, digest)
        try:
            return await self._sent(call, fd, size, headers)
        finally:
            os.close(fd)

    async def _sent(self, call: Call, fd: int, size: int, headers: Mapping[str, str]) -> web.StreamResponse:
        wanted = call.header("If-Range") in (None, headers["ETag"])
        try:
            part = requested(call.header("Range") if wanted else None, size)
        except Unsatisfiable:
            refusal = render_unparsed(416, "the blob has no byte of this range")
            refusal.headers["Content-Range"] = f"bytes */{size}"
            return refusal
        response = web.StreamResponse(headers=headers)
        offset, count = part or (0, size)
        if part is not None:
            response.set_status(206)
            response.headers["Content-Range"] = f"bytes {offset}-{offset + count - 1}/{size}"
        await send_file(call.request, response, Part(fd, offset, count), self._threads)
        return response

    async def delete(self, call: Call) -> web.StreamResponse:
        """DELETE ("Deleting Blobs")."""
        await self._blobs.delete(call.name, call.digest)
        return web.Response(status=202)


def is_known(if_none_match: str | None, digest: str) -> bool:
    """Whether the client has it already (RFC 9110 §13.1.2)."""
    if not if_none_match:
        return False
    known = {tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(",")}
    return digest in known or "*" in known
