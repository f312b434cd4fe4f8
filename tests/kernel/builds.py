"""Builds through the engine's own request, for tests."""

import json
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.kernel import census
from tests.kernel.rig import Rig
from wherry.app.client import Client
from wherry.engine.snapshots import OverlaySnapshots
from wherry.linux.openat2 import openat2
from wherry.oci.chain import chain_ids

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}


class Failed(Exception):
    """A build that failed; ``events`` is all that was told of it."""

    def __init__(self, message: str, excerpt: str, events: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.excerpt = excerpt
        self.events = events


def build(rig: Rig, request: dict[str, Any], archive: bytes = b"") -> dict[str, Any]:
    """The result of a build, with what was told of it as ``events``. ``archive`` is the context unless one is named."""
    client = Client(str(rig.names.socket))
    line = json.dumps(request).encode() + b"\n"
    with client.upload("/wherry/build", None, [line, archive]) as response:
        events = list(response.json_stream())
    if "result" in events[-1]:
        return {**events[-1]["result"], "events": events}
    error = events[-1]["error"]
    raise Failed(error["message"], error.get("excerpt", ""), events)


def made(rig: Rig, dockerfile: str, context: Path | None = None, **request: Any) -> dict[str, Any]:
    """Build a Dockerfile that is given as text; ``request`` as the daemon takes it."""
    files = {"context": str(context)} if context is not None else {"has_context": False}
    return build(rig, {**files, "dockerfile": dockerfile, **request})


@contextmanager
def under_way(rig: Rig, dockerfile: str, until: str) -> Iterator[socket.socket]:
    """A build that has written ``until``; its connection, which ends with the block."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(200)
    connection.connect(str(rig.names.socket))
    body = json.dumps({"has_context": False, "dockerfile": dockerfile}).encode() + b"\n"
    head = f"POST /v1.43/wherry/build HTTP/1.1\r\nHost: wherry\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    seen = b""
    while until.encode() not in seen:
        piece = connection.recv(65536)
        assert piece, seen.decode()
        seen += piece
    with connection:
        yield connection


def output(built: dict[str, Any]) -> str:
    """Everything that steps wrote."""
    return said(built["events"])


def said(events: list[dict[str, Any]]) -> str:
    """What steps wrote, of what was told."""
    return "".join(event["data"] for event in events if event.get("event") == "Output")


def cached(built: dict[str, Any]) -> list[bool]:
    """Of each step that was told of, in order: whether it came from the cache."""
    named = {event["vertex"] for event in built["events"] if event.get("event") == "Planned" and event["name"]}
    ended = [event for event in built["events"] if event.get("event") == "Ended" and event["vertex"] in named]
    return [event["cached"] for event in sorted(ended, key=lambda event: event["vertex"])]


def layers(rig: Rig, image: str) -> list[str]:
    """The diff ids of an image, the lowest first."""
    return list(rig.docker.api.inspect_image(image)["RootFS"].get("Layers") or [])


@contextmanager
def shown(rig: Rig, image: str) -> Iterator[int]:
    """The merged file system of an image, as a descriptor of its root."""
    with tempfile.TemporaryDirectory() as scratch:
        snapshots = OverlaySnapshots(rig.names.snapshots, Path(scratch))
        with snapshots.view(chain_ids(layers(rig, image))) as root:
            yield root


def look(root: int, path: str) -> dict[str, str] | None:
    """What the corpus says of files, of the one at ``path``."""
    parent, name = os.path.split(path.rstrip("/"))
    try:
        directory = openat2(root, parent or "/", os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        status = os.stat(name or ".", dir_fd=directory, follow_symlinks=False)
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "other")
        found = {"mode": f"{stat.S_IMODE(status.st_mode):04o}", "owner": f"{status.st_uid}:{status.st_gid}"}
        found["type"] = kind
        if kind == "link":
            found["target"] = os.readlink(name, dir_fd=directory)
        if kind == "file":
            fd = os.open(name, os.O_RDONLY, dir_fd=directory)
            with os.fdopen(fd, "rb") as file:
                found["content"] = file.read().decode(errors="surrogateescape")
        return found
    except FileNotFoundError:
        return None
    finally:
        os.close(directory)


def content(rig: Rig, built: dict[str, Any], path: str) -> str | None:
    """Of a file in the image that was built; None when it is not there."""
    with shown(rig, built["id"]) as root:
        found = look(root, path)
    return found.get("content") if found else None


def files_of_layer(rig: Rig, diff_id: str, chain: list[str]) -> list[str]:
    """Paths of everything in the layer that ends ``chain``."""
    top = rig.names.snapshots / chain_ids([*chain, diff_id])[-1].replace(":", "/") / "fs"
    return sorted(str(path.relative_to(top)) for path in top.rglob("*"))


def remove_caches(rig: Rig) -> None:
    """The volumes of cache mounts, which builds leave on purpose."""
    for volume in rig.docker.volumes.list(filters={"label": "wherry.build.cache"}):
        volume.remove(force=True)


def remains(rig: Rig) -> list[str]:
    """What is left of steps in an instance that has no containers and builds nothing at the moment."""
    own = {process["pid"] for process in rig.processes()}  # and the sandboxes that wait for the next start
    found = census.take(rig.names)
    return [
        *(f"process {pid} {command}" for pid, command in census.processes(rig.names) if pid not in own),
        *(group for group in found.cgroups if not group.endswith(rig.names.cgroup_parent)),
        *(file for file in found.files if not file.endswith("/docker.sock")),
        *found.mounts,
    ]
