"""A registry of ours in a process of its own, an image to push, and the clients that do."""

import gzip
import hashlib
import io
import json
import re
import signal
import subprocess
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

from tests.kernel.rig import WHERRY

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_ANSWERS = re.compile(r"answers at (https?)://127\.0\.0\.1:(\d+)")


class Lone:
    """``wherry registry serve`` on a free port; further options as on the command line."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> "Lone":
        """Start it and wait until it answers; again on the same port after :meth:`kill`."""
        line = [WHERRY, "registry", "serve", "--root", str(self.root), "--listen", f"127.0.0.1:{self.port}"]
        with (self.root.parent / "registry.log").open("a") as log:
            self._process = subprocess.Popen([*line, *self._options], stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        match = _ANSWERS.search(self._process.stdout.readline())
        assert match is not None, (self.root.parent / "registry.log").read_text()
        self.port = int(match[2])
        return self

    def kill(self, number: int = signal.SIGKILL) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.communicate(timeout=120)

    def __enter__(self) -> "Lone":
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill(signal.SIGTERM)
            assert self._process.returncode == 0

    def reference(self, repository: str, tag: str = "1") -> str:
        return f"docker://127.0.0.1:{self.port}/{repository}:{tag}"

    def get(self, path: str) -> Any:
        """A JSON document of a registry that anybody may read, over plain HTTP."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return json.loads(answer.read())

    def gc(self, *options: str) -> str:
        """``wherry registry gc``."""
        line = [WHERRY, "registry", "gc", "--root", str(self.root), *options]
        return subprocess.run(line, capture_output=True, text=True, timeout=120, check=True).stdout


def run(*command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """A client's command to its end; with ``check`` it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert not check or done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done


def layout(directory: Path, content: bytes = b"hello\n", layers: int = 2) -> str:
    """An OCI image layout with an image of a few small layers; skopeo's name of it."""
    blobs = directory / "blobs/sha256"
    blobs.mkdir(parents=True)

    def stored(data: bytes, media_type: str) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    tars = [_tar(f"file-{number}", content) for number in range(layers)]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/bin/true"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": stored(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": [stored(gzip.compress(tar, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip") for tar in tars],
    }
    named = {"annotations": {"org.opencontainers.image.ref.name": "1"}}
    index = {"schemaVersion": 2, "manifests": [{**stored(json.dumps(manifest).encode(), OCI_MANIFEST), **named}]}
    (directory / "index.json").write_text(json.dumps(index))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return f"oci:{directory}:1"


def _tar(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def blobs_of(directory: Path) -> set[str]:
    """Digests of the configuration and layers that the manifest of skopeo's ``dir:`` names; each file is checked."""
    manifest = json.loads((directory / "manifest.json").read_text())
    found = {one["digest"].removeprefix("sha256:") for one in (manifest["config"], *manifest["layers"])}
    for digest in found:
        assert hashlib.sha256((directory / digest).read_bytes()).hexdigest() == digest
    return found
