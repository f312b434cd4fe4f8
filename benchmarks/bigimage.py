"""An image of 500 MB with many small files, as an OCI image layout: the same bytes wherever it is made."""

import hashlib
import io
import json
import random
import tarfile
from pathlib import Path
from typing import Any

from isal import igzip

TAG = "1"
_LAYERS, _FILES = 5, 3000
_SMALLEST, _LARGEST = 10_000, 57_000
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def make(directory: Path, seed: int = 500) -> int:
    """Write it below the new ``directory``; the bytes of its layers, uncompressed. A second or two.

    Another ``seed`` gives other bytes, as many.
    """
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    dice = random.Random(seed)
    layers: list[dict[str, Any]] = []
    diff_ids: list[str] = []
    size = 0
    for number in range(_LAYERS):
        tar = _layer(number, dice)
        size += len(tar)
        diff_ids.append(f"sha256:{hashlib.sha256(tar).hexdigest()}")
        compressed = igzip.compress(tar, 1, mtime=0)
        layers.append(_stored(blobs, compressed, "application/vnd.oci.image.layer.v1.tar+gzip"))
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/0/0/0"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _stored(blobs, json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": layers,
    }
    named = {"annotations": {"org.opencontainers.image.ref.name": TAG}}
    index = {"schemaVersion": 2, "manifests": [{**_stored(blobs, json.dumps(manifest).encode(), _MANIFEST), **named}]}
    (directory / "index.json").write_text(json.dumps(index))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return size


def _layer(number: int, dice: random.Random) -> bytes:
    """Files of which half cannot be compressed, a hundred a directory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for file in range(_FILES):
            size = dice.randint(_SMALLEST, _LARGEST)
            content = dice.randbytes(size // 2) + b"wherry  " * (size // 16 + 1)
            entry = tarfile.TarInfo(f"{number}/{file // 100}/{file}")
            entry.size, entry.mode = size, 0o755
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _stored(blobs: Path, data: bytes, media_type: str) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    (blobs / digest).write_bytes(data)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}
