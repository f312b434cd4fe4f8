"""``--output``: what becomes of a build besides an image of the engine; delivered by this command, to its own user."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wherry.app.client import ApiError, Client

_KINDS = ("image", "docker", "oci", "tar", "local", "cacheonly", "registry")


@dataclass(frozen=True, slots=True)
class Output:
    """``kind`` image and docker without ``destination``: into the engine. ``names``: tags besides those of ``-t``."""

    kind: str
    destination: str = ""
    names: tuple[str, ...] = ()
    push: bool = False

    @property
    def keeps_image(self) -> bool:
        """Whether the image is to be in the engine afterwards."""
        return not self.destination and self.kind in ("image", "docker", "registry")


def parse_output(text: str) -> Output:
    """``type=KIND[,dest=PATH][,name=NAME][,push=true]``; a path alone is ``type=local``, ``-`` a tar to stdout.

    Raises ValueError.
    """
    import csv

    if "=" not in text:
        return Output("tar", "-") if text == "-" else Output("local", text)
    fields: dict[str, str] = {}
    for item in next(csv.reader([text]), []):
        key, equals, value = item.partition("=")
        if not equals:
            raise ValueError(f"invalid value {item!r}: expected key=value")
        fields[key.strip().lower()] = value
    kind = fields.get("type", "")
    if kind not in _KINDS:
        raise ValueError(f"unknown output type {kind!r}: one of {', '.join(_KINDS)}")
    destination = fields.get("dest", "")
    if kind in ("oci", "tar", "local") and not destination:
        raise ValueError(f"dest is required for {kind} output")
    names = tuple(name for name in fields.get("name", "").split(",") if name)
    return Output(kind, destination, names, kind == "registry" or fields.get("push", "false") == "true")


def deliver(client: Client, image: str, outputs: Sequence[Output]) -> None:
    """Write what is asked for beside the image. Raises ApiError, OSError."""
    for output in outputs:
        if output.kind in ("docker", "oci") and output.destination:
            _archive(client, image, output)
        elif output.kind in ("tar", "local"):
            _files(client, image, output)


def _archive(client: Client, image: str, output: Output) -> None:
    """The image as an archive, which is Docker's and an OCI layout in one."""
    name = (output.names or (image,))[0]
    with client.request("GET", f"/images/{name}/get") as response, _opened(output.destination) as file:
        for piece in response.pieces():
            file.write(piece)


def _files(client: Client, image: str, output: Output) -> None:
    """The file system of the image, as the container that never runs shows it."""
    body = {"Image": image, "Cmd": ["-"], "HostConfig": {"NetworkMode": "none"}}
    container = client.post("/containers/create", None, body)["Id"]
    try:
        with client.request("GET", f"/containers/{container}/export") as response:
            if output.kind == "tar":
                with _opened(output.destination) as file:
                    for piece in response.pieces():
                        file.write(piece)
            else:
                _extract(_Pieces(response.pieces()), Path(output.destination))
    finally:
        with suppress(ApiError):
            client.delete(f"/containers/{container}", {"force": True})


def _extract(stream: "_Pieces", directory: Path) -> None:
    from wherry.engine.build.unpack import unpack  # the extractor: only where files are asked for

    directory.mkdir(parents=True, exist_ok=True)
    unpack(stream, directory)  # type: ignore[arg-type]  # the part of BinaryIO that a sequential reader uses


class _Pieces:
    """Pieces of an answer, read as from a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        if size < 0:
            size = len(self._rest)
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


@contextmanager
def _opened(destination: str) -> Iterator[BinaryIO]:
    if destination == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with Path(destination).open("wb") as file:
        yield file
