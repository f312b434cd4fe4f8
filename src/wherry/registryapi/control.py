"""The registry's own door, a unix socket for whoever owns the machine: garbage collection on demand.

``POST …/gc?grace=SECONDS&untagged=1`` answers ``{"blobs": n, "manifests": n, "uploads": n}``; refusals are
``{"message": …}``.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
from aiohttp import web

from wherry.engine.registry.collector import GRACE_SECONDS, Collector
from wherry.http.server import UnixServer, serve_unix


async def serve_control(collector: Collector, path: Path) -> UnixServer:
    """Listen at ``path``; see the module."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        target, _, query = request.raw_path.partition("?")
        if request.method != "POST" or target.rpartition("/")[2] != "gc":
            return _refusal(404, "there is only POST /gc")
        given = parse_qs(query)
        grace = given.get("grace", [str(GRACE_SECONDS)])[0]
        if not (grace.isascii() and grace.isdigit()):
            return _refusal(400, "grace must be a number of seconds")
        collected = await collector.collect(int(grace), given.get("untagged", [""])[0] in ("1", "true"))
        return _json(200, msgspec.to_builtins(collected))

    return await serve_unix(answer, path, _refusal)


def _refusal(status: int, message: str) -> web.Response:
    return _json(status, {"message": message})


def _json(status: int, document: Any) -> web.Response:  # Any: what JSON can say
    return web.Response(status=status, body=msgspec.json.encode(document), headers={"Content-Type": "application/json"})
