"""The registry beside an engine, put together."""

import asyncio
import json
from pathlib import Path

from tests.unit.engine.images.archives import chunks, tar
from tests.unit.engine.images.conftest import Shelf, shelf  # noqa: F401  # a fixture of ours too
from wherry.app.client import Client
from wherry.app.config import resolve
from wherry.app.registry import serve_beside
from wherry.engine.database import Database


async def test_the_engine_s_images_are_served_and_its_socket_is_in_the_run_directory(
    shelf: Shelf,  # noqa: F811
    tmp_path: Path,
) -> None:
    await shelf.images.import_(chunks(tar({"file": b"x"})), "demo", "1")
    settings = resolve({"root": str(tmp_path), "registry": {"listen": "127.0.0.1:0"}}, "f", {}, {}, [])
    database = Database(shelf.root / "engine.sqlite")
    server = await serve_beside(settings, database, shelf.content, shelf.images)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /v2/demo/tags/list HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        body = (await reader.read()).partition(b"\r\n\r\n")[2]
        writer.close()
        assert json.loads(body) == {"name": "demo", "tags": ["1"]}
        client = Client(str(settings.instance.run / "registry.sock"))
        assert await asyncio.to_thread(client.post, "/gc") == {"blobs": 0, "manifests": 0, "uploads": 0}
    finally:
        await server.stop()
        database.close()
