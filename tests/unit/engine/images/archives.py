"""Archives and images made in memory, for tests."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from wherry.oci.digest import Digest


def tar(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return buffer.getvalue()


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config(layers: Sequence[bytes], **more: Any) -> bytes:
    """A configuration for uncompressed ``layers``."""
    return json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": {"Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
            "history": [{"created": "2026-01-01T00:00:00Z", "created_by": f"step {n}"} for n, _ in enumerate(layers)],
            **more,
        }
    ).encode()


def docker_archive(
    layers: Sequence[bytes], tags: Sequence[str] | None = ("demo:1",), settings: bytes | None = None
) -> bytes:
    """As ``docker save`` wrote it from 1.10 to 24: a directory a layer."""
    settings = config(layers) if settings is None else settings
    name = digest(settings).removeprefix("sha256:") + ".json"
    paths = [f"{hashlib.sha256(layer).hexdigest()}/layer.tar" for layer in layers]
    manifest = [{"Config": name, "RepoTags": None if tags is None else list(tags), "Layers": paths}]
    return tar(
        {name: settings, **dict(zip(paths, layers, strict=True)), "manifest.json": json.dumps(manifest).encode()}
    )


def descriptor(media_type: str, data: bytes, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


def blob(data: bytes) -> str:
    return f"blobs/sha256/{Digest.of(data).hex}"


def oci_image(layers: Sequence[bytes], settings: bytes | None = None) -> tuple[bytes, dict[str, bytes]]:
    """A manifest of gzip layers, and all blobs by member name."""
    settings = config(layers) if settings is None else settings
    packed = [gzip.compress(layer, mtime=0) for layer in layers]
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", settings),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", one) for one in packed],
        }
    ).encode()
    return manifest, {blob(data): data for data in (settings, manifest, *packed)}


def oci_archive(manifests: Sequence[dict[str, Any]], blobs: Mapping[str, bytes], **more: bytes) -> bytes:
    index = json.dumps({"schemaVersion": 2, "manifests": list(manifests)}).encode()
    return tar({**blobs, "index.json": index, "oci-layout": b'{"imageLayoutVersion":"1.0.0"}', **more})


def manifest_entry(manifest: bytes, name: str = "", full_name: str = "", **more: Any) -> dict[str, Any]:
    annotations = {"org.opencontainers.image.ref.name": name, "io.containerd.image.name": full_name}
    kept = {key: value for key, value in annotations.items() if value}
    return descriptor("application/vnd.oci.image.manifest.v1+json", manifest, annotations=kept, **more)


async def chunks(data: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]
