"""Containers' files: archives in and out, changes, exports, and images made of them."""

import base64

from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import FileEngines, PathStat
from wherry.engine.containers.asked import Commit, Extraction
from wherry.engine.containers.model import Config
from wherry.http.documents import encode
from wherry.http.streams import Stream
from wherry.kit.durations import format_moment
from wherry.kit.errors import Invalid

TAR = "application/x-tar"
STAT = "X-Docker-Container-Path-Stat"


class FileEndpoints:
    """``/containers/{id}/archive`` and its like, ``/commit``."""

    def __init__(self, containers: FileEngines) -> None:
        self._containers = containers

    @endpoint("HEAD /containers/{id}/archive")
    async def stat(self, call: Call) -> web.StreamResponse:
        stat = await self._containers.files.stat(call.id, call.query.text("path"))
        return web.Response(headers={STAT: encoded(stat)})

    @endpoint("GET /containers/{id}/archive")
    async def get(self, call: Call) -> web.StreamResponse:
        async with self._containers.files.archive(call.id, call.query.text("path")) as (stat, pieces):
            stream = await Stream.open(call.request, TAR, headers={STAT: encoded(stat)})
            return await stream.send_all(pieces)

    @endpoint("PUT /containers/{id}/archive")
    async def put(self, call: Call) -> web.StreamResponse:
        query = call.query
        wanted = Extraction(query.text("path"), query.flag("noOverwriteDirNonDir"), query.flag("copyUIDGID"))
        await self._containers.files.extract(call.id, wanted, call.chunks())
        return call.done(200)

    @endpoint("GET /containers/{id}/changes")
    async def changes(self, call: Call) -> web.StreamResponse:
        found = await self._containers.files.changes(call.id)
        return call.json([{"Path": change.path, "Kind": int(change.kind)} for change in found])

    @endpoint("GET /containers/{id}/export")
    async def export(self, call: Call) -> web.StreamResponse:
        async with self._containers.files.export(call.id) as pieces:
            stream = await call.stream("application/octet-stream")
            return await stream.send_all(pieces)

    @endpoint("POST /commit")
    async def commit(self, call: Call) -> web.StreamResponse:
        query = call.query
        if not query.text("container"):
            raise Invalid("container: the container to make an image of must be named")
        document = await call.document()
        wanted = Commit(
            repository=query.text("repo"),
            tag=query.text("tag"),
            comment=query.text("comment"),
            author=query.text("author"),
            changes=query.texts("changes"),
            pause=query.flag("pause", default=True),
            config=call.convert(document, Config) if document else None,
        )
        image = await self._containers.commit(query.text("container"), wanted)
        return call.json({"Id": image}, status=201)


def encoded(stat: PathStat) -> str:
    """A path's facts as the header has them: JSON in base64 (api/types/container PathStat)."""
    document = {
        "name": stat.name,
        "size": stat.size_bytes,
        "mode": stat.mode,
        "mtime": format_moment(stat.modified_nanoseconds),
        "linkTarget": stat.link_target,
    }
    return base64.b64encode(encode(document)).decode()
