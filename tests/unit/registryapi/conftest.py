"""A registry on a port of loopback, and a client that sends exactly what it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.registry.conftest import Depot
from wherry.engine.registry.familiar import ImageSource
from wherry.oci import mediatypes
from wherry.oci.digest import Digest
from wherry.registryapi.options import Options
from wherry.registryapi.server import RegistryServer, serve_registry


@dataclass(frozen=True)
class Answer:
    """What came back. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The specification's word for why not."""
        (error,) = json.loads(self.body)["errors"]
        assert error["message"]
        return str(error["code"])

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One keep-alive connection, opened anew when the server ends it."""

    def __init__(self, port: int, **headers: str) -> None:
        self.port = port
        self.headers = {"Host": f"127.0.0.1:{port}", **headers}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __call__(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send a request; ``Content_Type="a/b"`` is a header. A body has its length before it."""
        return await self.raw(self.request(method, path, body, **headers), method)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        merged = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            merged.setdefault("Content-Length", str(len(body)))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in merged.items()), "", ""]
        return "\r\n".join(lines).encode() + (body or b"")

    async def raw(self, data: bytes, method: str = "GET") -> Answer:
        if self._streams is None or self._streams[0].at_eof():
            self.close()
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        writer.write(data)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode().split("\r\n")
        if head[0].split()[1] == "100":
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        status = int(head[0].split()[1])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        length = 0 if method == "HEAD" or status in (204, 304) else int(headers["content-length"])
        answer = Answer(status, headers, await reader.readexactly(length))
        if headers.get("connection") == "close" or head[0].startswith("HTTP/1.0 "):
            self.close()
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass
class Served:
    """A registry that answers, and a client of it."""

    depot: Depot
    server: RegistryServer
    ask: Client

    def client(self, **headers: str) -> Client:
        return Client(self.server.port, **headers)

    async def push_blob(self, repository: str, data: bytes) -> Digest:
        digest = Digest.of(data)
        answer = await self.ask("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", data)
        assert answer.status == 201, answer
        return digest

    async def push_manifest(self, repository: str, reference: object, data: bytes, kind: str = "") -> Answer:
        path = f"/v2/{repository}/manifests/{reference}"
        return await self.ask("PUT", path, data, Content_Type=kind or mediatypes.OCI_MANIFEST)


Serve = Callable[..., Any]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """``async with serve(allow_delete=True) as served:``; options as of :class:`Options`."""

    @asynccontextmanager
    async def serving(images: ImageSource | None = None, **options: Any) -> AsyncIterator[Served]:
        root = tmp_path / "registry"
        root.mkdir(exist_ok=True)
        depot = Depot.at(root, images=images)
        chosen = replace(Options(listen="127.0.0.1:0"), **options)
        server = await serve_registry(depot.registry, chosen)
        client = Client(server.port)
        try:
            yield Served(depot, server, client)
        finally:
            client.close()
            await server.stop()
            depot.rows.database.close()

    return serving


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot.at(tmp_path)
