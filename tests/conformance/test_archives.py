"""Archives exchanged with skopeo (containers/image, which podman, buildah and CRI-O read images with too)."""

import asyncio
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from wherry.engine.content import ContentStore
from wherry.engine.database import Database
from wherry.engine.images import Image, Images
from wherry.engine.snapshots import OverlaySnapshots

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed (apt-get install skopeo)"),
]


class Silent:
    """An EventSink that tells nobody."""

    def publish(self, kind: str, action: str, actor: str, attributes: object = None) -> None:
        pass


@dataclass
class Exchange:
    """An image service and a directory to exchange files in."""

    root: Path
    images: Images

    def skopeo(self, *arguments: str) -> str:
        policy = self.root / "policy.json"
        policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        command = ["skopeo", "--policy", str(policy), "--tmpdir", str(self.root), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    async def import_demo(self) -> Image:
        return await self.images.import_(chunks(rootfs()), "demo", "1", ["CMD echo hi", "LABEL a=b"])

    async def save(self, *names: str) -> Path:
        path = self.root / "saved.tar"
        with path.open("wb") as file:
            async for chunk in self.images.save(names):
                file.write(chunk)
        return path

    async def load(self, path: Path) -> list[str]:
        return [
            message["stream"].strip()
            async for message in self.images.load(chunks(path.read_bytes()))
            if "stream" in message
        ]

    async def forget(self, name: str) -> None:
        self.images.remove(name, False, True, lambda image: [])
        await self.images.settle()


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    content = ContentStore(tmp_path / "content")
    snapshots = OverlaySnapshots(tmp_path / "snapshots", tmp_path / "tmp", durable=False)
    images = Images(Database(tmp_path / "engine.sqlite"), content, snapshots, Silent(), tmp_path / "tmp")
    return Exchange(tmp_path, images)


def rootfs() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in {"etc/passwd": b"root:x:0:0::/:/bin/sh\n", "data": bytes(300_000)}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 1 << 20):
        yield data[at : at + (1 << 20)]
        await asyncio.sleep(0)


async def test_skopeo_reads_what_we_save_as_a_docker_archive(exchange: Exchange) -> None:
    image = await exchange.import_demo()
    saved = await exchange.save("demo:1")
    seen = json.loads(exchange.skopeo("inspect", f"docker-archive:{saved}:demo:1"))
    assert seen["Labels"] == {"a": "b"} and seen["Architecture"] == image.config.architecture
    exchange.skopeo("copy", f"docker-archive:{saved}", f"dir:{exchange.root}/copied")
    manifest = json.loads((exchange.root / "copied/manifest.json").read_text())
    assert manifest["config"]["digest"] == image.id


async def test_skopeo_reads_what_we_save_as_an_oci_archive(exchange: Exchange) -> None:
    image = await exchange.import_demo()
    saved = await exchange.save("demo:1")
    seen = json.loads(exchange.skopeo("inspect", f"oci-archive:{saved}"))
    assert seen["Digest"] == image.manifest
    assert seen["Layers"] == list(image.layers)


async def test_skopeo_reads_our_content_store(exchange: Exchange) -> None:
    image = await exchange.import_demo()
    exchange.images.tag("demo:1", "other", "2")
    seen = json.loads(exchange.skopeo("inspect", f"oci:{exchange.root}/content:2"))
    assert seen["Digest"] == image.manifest


@pytest.mark.parametrize(
    ("notation", "name"), [("oci-archive", "localhost/copied:1"), ("docker-archive", "localhost/copied:1")]
)
async def test_what_skopeo_copies_is_loaded(exchange: Exchange, notation: str, name: str) -> None:
    image = await exchange.import_demo()
    saved, copied = await exchange.save("demo:1"), exchange.root / "copied.tar"
    exchange.skopeo("copy", f"docker-archive:{saved}", f"{notation}:{copied}:{name}")
    await exchange.forget("demo:1")
    assert await exchange.load(copied) == [f"Loaded image: {name}"]
    loaded = exchange.images.get(name)
    assert loaded.diff_ids == image.diff_ids
    if notation == "docker-archive":
        assert loaded.id == image.id


async def test_a_round_trip_keeps_the_manifest(exchange: Exchange) -> None:
    image = await exchange.import_demo()
    saved, copied = await exchange.save("demo:1"), exchange.root / "copied.tar"
    exchange.skopeo("copy", f"oci-archive:{saved}", f"oci-archive:{copied}:localhost/copied:1")
    await exchange.forget("demo:1")
    await exchange.load(copied)
    loaded = exchange.images.get("localhost/copied:1")
    assert (loaded.id, loaded.manifest, loaded.layers) == (image.id, image.manifest, image.layers)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
async def test_layers_of_either_compression_are_loaded(exchange: Exchange, compression: str) -> None:
    image = await exchange.import_demo()
    saved, copied = await exchange.save("demo:1"), exchange.root / "copied.tar"
    formats = ["--format", "oci", "--dest-compress-format", compression]
    exchange.skopeo("copy", *formats, f"docker-archive:{saved}", f"oci-archive:{copied}:localhost/z:1")
    await exchange.forget("demo:1")
    await exchange.load(copied)
    await exchange.save("localhost/z:1")
    assert exchange.images.get("localhost/z:1").diff_ids == image.diff_ids
