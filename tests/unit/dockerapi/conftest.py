"""The app over a fake engine, on a unix socket."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.unit.dockerapi.fakes import Engine
from wherry.dockerapi.app import create_app, serve


@dataclass
class Answer:
    """A whole answer."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json["message"])


class Client:
    """Asks the app under test."""

    def __init__(self, session: aiohttp.ClientSession, socket: Path) -> None:
        self.session = session
        self.socket = socket

    async def ask(self, operation: str, body: Any = None, **options: Any) -> Answer:
        """``ask("GET /info")``; a body that is not bytes is sent as JSON."""
        method, path = operation.split(" ", 1)
        options.setdefault("skip_auto_headers", ["Content-Type"])
        if isinstance(body, bytes):
            options["data"] = body
        elif body is not None:
            options["data"] = json.dumps(body).encode()
            options.setdefault("headers", {"Content-Type": "application/json"})
        async with self.session.request(method, f"http://docker{path}", **options) as answer:
            return Answer(answer.status, answer.headers, await answer.read())


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
async def client(engine: Engine, tmp_path: Path) -> AsyncIterator[Client]:
    socket = tmp_path / "docker.sock"
    server = await serve(create_app(engine.services), socket)
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket))) as session:
        yield Client(session, socket)
    await server.stop(0.2)  # a request whose body is not read to its end would be waited for
