"""A registry in memory on 127.0.0.1, as good or as bad as a test wants it."""

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
_CHUNK = 1 << 16


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass
class Fault:
    """``answer`` in place of the registry's own to requests that match, ``times`` of them (None: all)."""

    method: str
    pattern: str
    answer: Handler
    times: int | None

    def takes(self, request: web.BaseRequest) -> bool:
        if self.times == 0 or request.method != self.method or not re.search(self.pattern, request.path_qs):
            return False
        self.times = None if self.times is None else self.times - 1
        return True


@dataclass
class Upload:
    repository: str
    data: bytearray = field(default_factory=bytearray)


@dataclass
class Peer:
    """``seen`` are the requests, as ``GET /v2/…``; ``headers`` those of each, in the same order."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    owners: dict[str, set[str]] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    guard: Callable[[web.BaseRequest], web.Response | None] = lambda request: None
    page: int = 100
    host: str = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Peer"]:
        server = web.Server(self._handle)
        runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self.host = f"127.0.0.1:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    # --- what is there ---------------------------------------------------------------------------------------------

    def add_blob(self, repository: str, data: bytes) -> str:
        name = digest_of(data)
        self.blobs[name] = data
        self.owners.setdefault(name, set()).add(repository)
        return name

    def add_manifest(self, repository: str, data: bytes, media_type: str, *tags: str) -> str:
        for reference in (digest_of(data), *tags):
            self.manifests[repository, reference] = (media_type, data)
        return digest_of(data)

    def add_image(self, repository: str, manifest: bytes, blobs: dict[str, bytes], *tags: str) -> str:
        """An image of ``archives.oci_image``."""
        for data in blobs.values():
            if data != manifest:
                self.add_blob(repository, data)
        return self.add_manifest(repository, manifest, "application/vnd.oci.image.manifest.v1+json", *tags)

    def fault(self, method: str, pattern: str, answer: Handler | web.Response, times: int | None = None) -> Fault:
        async def always(request: web.BaseRequest) -> web.StreamResponse:
            assert isinstance(answer, web.Response)
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

        fault = Fault(method, pattern, always if isinstance(answer, web.Response) else answer, times)
        self.faults.append(fault)
        return fault

    def count(self, text: str) -> int:
        """Requests that contain ``text``."""
        return sum(text in one for one in self.seen)

    # --- the protocol ----------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path_qs}")
        self.headers.append(dict(request.headers))
        for fault in self.faults:
            if fault.takes(request):
                return await fault.answer(request)
        refusal = self.guard(request)
        if refusal is not None:
            return refusal
        return await self._answer(request)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path == "/v2/":
            return web.Response(text="{}")
        if match := re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", path):
            return await self._manifest(request, match[1], match[2])
        if match := re.fullmatch(r"/v2/(.+)/blobs/uploads/([^/]*)", path):
            return await self._upload(request, match[1], match[2])
        if match := re.fullmatch(r"/v2/(.+)/blobs/([^/]+)", path):
            return self._blob(request, match[1], match[2])
        if match := re.fullmatch(r"/v2/(.+)/tags/list", path):
            tags = sorted({ref for name, ref in self.manifests if name == match[1] and ":" not in ref})
            return self._page(request, "tags", tags)
        if path == "/v2/_catalog":
            return self._page(request, "repositories", sorted({name for name, _ in self.manifests}))
        return refused(404, "NAME_UNKNOWN", "repository name not known to registry")

    def _page(self, request: web.BaseRequest, member: str, names: Sequence[str]) -> web.Response:
        last = request.query.get("last", "")
        rest = [name for name in names if name > last]
        headers = {}
        if len(rest) > self.page:
            headers["Link"] = f'<{request.path}?last={rest[self.page - 1]}&n={self.page}>; rel="next"'
        return web.json_response({member: rest[: self.page]}, headers=headers)

    async def _manifest(self, request: web.BaseRequest, repository: str, reference: str) -> web.StreamResponse:
        if request.method == "PUT":
            data = await request.read()
            self.add_manifest(repository, data, request.headers["Content-Type"], reference)
            return web.Response(status=201, headers={"Docker-Content-Digest": digest_of(data)})
        if (repository, reference) not in self.manifests:
            return refused(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, data = self.manifests[repository, reference]
        return web.Response(body=data, headers={"Content-Type": media_type, "Docker-Content-Digest": digest_of(data)})

    def _blob(self, request: web.BaseRequest, repository: str, name: str) -> web.StreamResponse:
        data = self.blobs.get(name)
        if data is None or repository not in self.owners.get(name, ()):
            return refused(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if match := re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", "")):
            start = int(match[1])
            part = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            return web.Response(status=206, body=data[start:], headers=part)
        return web.Response(body=data, headers={"Docker-Content-Digest": name})

    async def _upload(self, request: web.BaseRequest, repository: str, name: str) -> web.StreamResponse:
        if request.method == "POST":
            return self._begin(request, repository)
        upload = self.uploads.get(name)
        if upload is None:
            return refused(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        if request.method == "GET":
            return self._progress(request, name, upload, 204)
        await self._receive(request, upload)
        if request.method == "PATCH":
            return self._progress(request, name, upload, 202)
        data = bytes(upload.data)
        if digest_of(data) != request.query["digest"]:
            return refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        del self.uploads[name]
        return web.Response(status=201, headers={"Docker-Content-Digest": self.add_blob(repository, data)})

    def _begin(self, request: web.BaseRequest, repository: str) -> web.Response:
        wanted, origin = request.query.get("mount", ""), request.query.get("from", "")
        if origin in self.owners.get(wanted, ()):
            self.owners[wanted].add(repository)
            return web.Response(status=201, headers={"Docker-Content-Digest": wanted})
        name = f"u{len(self.seen)}"
        self.uploads[name] = Upload(repository)
        return self._progress(request, name, self.uploads[name], 202)

    def _progress(self, request: web.BaseRequest, name: str, upload: Upload, status: int) -> web.Response:
        end = max(0, len(upload.data) - 1)
        location = f"/v2/{upload.repository}/blobs/uploads/{name}?_state={len(self.seen)}"
        return web.Response(status=status, headers={"Location": location, "Range": f"0-{end}"})

    async def _receive(self, request: web.BaseRequest, upload: Upload) -> None:
        async for piece in request.content.iter_any():
            upload.data += piece


def refused(status: int, code: str, message: str, **headers: str) -> web.Response:
    """An error in the specification's form."""
    return web.json_response({"errors": [{"code": code, "message": message}]}, status=status, headers=headers)


def said(status: int, **headers: str) -> web.Response:
    """An answer without a body."""
    return web.Response(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def cut(data: bytes, after: int, status: int = 200, **headers: Any) -> Handler:
    """An answer that announces ``data`` and ends its connection ``after`` bytes."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Length": str(len(data)), **headers})
        await response.prepare(request)
        await response.write(data[:after])
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


def chunked(data: bytes, status: int = 200) -> Handler:
    """An answer that does not say how long it is."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(status=status)
        response.enable_chunked_encoding()
        await response.prepare(request)
        for at in range(0, len(data), _CHUNK):
            await response.write(data[at : at + _CHUNK])
        await response.write_eof()
        return response

    return answer
