"""A registry under faults: a full disk, and kills at any moment. What was acknowledged is there, nothing else is."""

import http.client
import json
import os
import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conformance.registries import OCI_MANIFEST, Lone
from tests.kernel.rig import wait_until
from tests.kernel.test_disk_full import SmallDisk

MANIFEST_HEADERS = {"Content-Type": OCI_MANIFEST}


def digest_of(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Status and body of one request; an OSError or HTTPException when the registry goes away."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def manifest(config: bytes, layer: bytes) -> bytes:
    def descriptor(data: bytes, kind: str) -> dict[str, object]:
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest_of(data), "size": len(data)}

    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(config, "config.v1+json"),
        "layers": [descriptor(layer, "layer.v1.tar")],
    }
    return json.dumps(document).encode()


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    disk = SmallDisk()
    yield disk
    disk.close()


def test_a_full_disk_refuses_pushes_serves_on_and_heals(disk: SmallDisk) -> None:
    with Lone(disk.mount / "registry") as lone:
        kept, wanted = os.urandom(1_000_000), os.urandom(5_000_000)
        assert ask(lone.port, "POST", f"/v2/a/blobs/uploads/?digest={digest_of(kept)}", kept)[0] == 201
        disk.fill()
        for _ in range(3):
            status, body = ask(lone.port, "POST", f"/v2/a/blobs/uploads/?digest={digest_of(wanted)}", wanted)
            assert (status, json.loads(body)["errors"][0]["code"]) == (503, "UNAVAILABLE")
        status, body = ask(lone.port, "PUT", "/v2/a/manifests/1", manifest(kept, kept), MANIFEST_HEADERS)
        assert status in (201, 503), body  # a byte or two may be left
        assert ask(lone.port, "GET", f"/v2/a/blobs/{digest_of(kept)}") == (200, kept)
        disk.free()
        assert ask(lone.port, "POST", f"/v2/a/blobs/uploads/?digest={digest_of(wanted)}", wanted)[0] == 201
        assert ask(lone.port, "PUT", "/v2/a/manifests/1", manifest(kept, wanted), MANIFEST_HEADERS)[0] == 201
        assert ask(lone.port, "GET", f"/v2/a/blobs/{digest_of(wanted)}") == (200, wanted)
        assert os.listdir(lone.root / "content/ingest") == []
        lone.kill()
        lone.start()
        assert ask(lone.port, "GET", "/v2/a/manifests/1") == (200, manifest(kept, wanted))


@dataclass
class Pusher:
    """Pushes image after image, and remembers what was acknowledged."""

    lone: Lone
    number: int
    ended: threading.Event
    blobs: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, bytes] = field(default_factory=dict)

    def run(self) -> None:
        dice = random.Random(self.number)
        for count in range(10_000):
            if self.ended.is_set():
                return
            config, layer = b'{"number":%d}' % count, dice.randbytes(dice.randint(1, 400_000))
            with suppress(OSError, http.client.HTTPException):
                self._push(f"{self.number}-{count}", config, layer)

    def _push(self, tag: str, config: bytes, layer: bytes) -> None:
        for data in (config, layer):
            if self._ask("POST", f"blobs/uploads/?digest={digest_of(data)}", data) == 201:
                self.blobs[digest_of(data)] = data
        data = manifest(config, layer)
        if self._ask("PUT", f"manifests/{tag}", data, MANIFEST_HEADERS) == 201:
            self.tags[tag] = data

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> int:
        return ask(self.lone.port, method, f"/v2/r{self.number}/{path}", body, headers)[0]


def test_kills_at_any_moment_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with Lone(tmp_path / "registry") as lone:
        ended = threading.Event()
        pushers = [Pusher(lone, number, ended) for number in range(2)]
        threads = [threading.Thread(target=pusher.run) for pusher in pushers]
        for thread in threads:
            thread.start()
        try:
            for round_ in range(5):
                progress = sum(len(pusher.blobs) for pusher in pushers) + 3 + 5 * (round_ % 3)
                wait_until(lambda: sum(len(pusher.blobs) for pusher in pushers) >= progress, 120)  # noqa: B023
                lone.kill()
                lone.start()
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        for pusher in pushers:
            assert pusher.tags
            for digest, data in pusher.blobs.items():
                assert ask(lone.port, "GET", f"/v2/r{pusher.number}/blobs/{digest}") == (200, data)
            for tag, data in pusher.tags.items():
                assert ask(lone.port, "GET", f"/v2/r{pusher.number}/manifests/{tag}") == (200, data)
        lone.kill()
        lone.start()
        # The store has what the rows name, whole, and nothing else.
        for blob in (lone.root / "content/blobs/sha256").iterdir():
            assert sha256(blob.read_bytes()).hexdigest() == blob.name
        assert lone.gc("--grace", "0").startswith("Removed ")
        named = {digest_of(data) for pusher in pushers for data in pusher.tags.values()}
        assert {f"sha256:{blob.name}" for blob in (lone.root / "content/blobs/sha256").iterdir()} >= named
    shutil.rmtree(tmp_path / "registry")
