"""An image service, a registry on 127.0.0.1, and the client between them; waiting takes no time."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.distribution.peer import Peer
from tests.unit.engine.images.archives import oci_image, tar
from tests.unit.engine.images.conftest import Shelf, shelf
from wherry.engine.distribution.asking import Asking
from wherry.engine.distribution.connector import Connector
from wherry.engine.distribution.endpoints import Endpoints
from wherry.engine.distribution.model import ANONYMOUS, Credentials
from wherry.engine.distribution.operations import Operations
from wherry.engine.images.progress import Message
from wherry.http.client import Timeouts
from wherry.oci.platform import host
from wherry.oci.reference import Reference

__all__ = ["shelf"]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LAYERS = [tar({"a": b"1" * 70_000}), tar({"b": b"2"}), tar({"c": b"3"})]
PACKED = [gzip.compress(layer, mtime=0) for layer in LAYERS]
IMAGE, BLOBS = oci_image(LAYERS)
USER = Credentials("me", "secret")


@dataclass
class Client:
    """``slept`` are the seconds that were waited before trying again."""

    shelf: Shelf
    peer: Peer
    mirrors: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)
    timeouts: Timeouts = field(default_factory=lambda: Timeouts(5, 5))
    certificates: tuple[Path, ...] = ()
    insecure: tuple[str, ...] = ()
    _operations: Operations | None = None

    @property
    def operations(self) -> Operations:
        if self._operations is None:
            endpoints = Endpoints(self.mirrors, self.insecure)
            connector = Connector(endpoints, self.certificates, self.timeouts)
            asking = Asking(self._sleep, lambda: NOW)
            self._operations = Operations(self.shelf.images, self.shelf.content, connector, asking)
        return self._operations

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def reference(self, text: str) -> Reference:
        return Reference.parse(f"{self.peer.host}/{text}")

    async def pull(self, text: str = "demo:1", credentials: Credentials = ANONYMOUS, platform: str = "") -> list[str]:
        """Pull; the messages as lines."""
        self.told.clear()
        await self.operations.pull_told(self.reference(text), platform, credentials, self.told.append)
        return self.lines()

    async def push(self, text: str = "demo:1", credentials: Credentials = ANONYMOUS) -> list[str]:
        self.told.clear()
        await self.operations.push(self.reference(text), credentials, self.told.append)
        return self.lines()

    def lines(self) -> list[str]:
        """What was told, without numbers that depend on time."""
        texts = [
            f"{message['id']}: {message['status']}" if "id" in message else message["status"]
            for message in self.told
            if "status" in message
        ]
        return [text for at, text in enumerate(texts) if text not in texts[:at]]

    def assert_nothing_is_stored(self) -> None:
        """No image, no name, no blob, no snapshot."""
        assert self.shelf.images.count() == 0
        assert self.shelf.blobs() == set()
        assert self.shelf.snapshots.list() == []
        assert list(self.shelf.images.ledger.rows.references()) == []


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A registry that has ``demo:1``, an image of three layers."""
    async with Peer().serving() as peer:
        peer.add_image("demo", IMAGE, BLOBS, "1")
        yield peer


@pytest.fixture
def client(shelf: Shelf, peer: Peer) -> Client:
    return Client(shelf, peer)


async def until(predicate: Callable[[], object]) -> None:
    """Let the others go on until something is so."""
    while not predicate():  # noqa: ASYNC110  # what it waits for sets no event
        await asyncio.sleep(0)


def index(*entries: dict[str, Any], **more: Any) -> bytes:
    """An OCI index."""
    document = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries}
    return json.dumps({**document, **more}).encode()


def here() -> dict[str, str]:
    """This machine's platform, as an index says it."""
    return {"os": "linux", "architecture": host().architecture}
