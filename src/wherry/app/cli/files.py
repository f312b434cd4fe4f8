"""Containers' files: ``cp``, ``diff``, ``export``, ``commit``."""

import base64
import json
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from wherry.app.cli.command import Command, client
from wherry.app.cli.parse.copypaths import Found, Place, Target, beside, ends_in_directory, place, split, target
from wherry.app.cli.printing import say
from wherry.app.client import ApiError, Client, Send

_STAT = "x-docker-container-path-stat"
_DIRECTORY, _LINK = 1 << 31, 1 << 27  # Go's io/fs.FileMode
_KINDS = {0: "C", 1: "A", 2: "D"}
_CHUNK_BYTES = 1 << 20
_NOTHING_IN_FRONT = (".", "/")  # what an archive of a directory's contents begins with


@click.command("cp", cls=Command)
@click.argument("source")
@click.argument("destination")
@click.option("--archive", "-a", "archive", is_flag=True, help="Keep owners.")
@click.option("--follow-link", "-L", "follow", is_flag=True, help="Copy what a link at SOURCE leads to.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing.")
def cp_command(source: str, destination: str, archive: bool, follow: bool, quiet: bool) -> None:
    """Copy files between a container and this machine: CONTAINER:PATH and PATH, in either order; - is a tar stream."""
    one, other = place(source), place(destination)
    if one.container and other.container:
        raise click.UsageError("copying between containers is not supported")
    if not one.container and not other.container:
        raise click.UsageError("must specify at least one container source")
    if one.container:
        copy_out(client(), one, other, follow=follow, owners=archive)
    else:
        copy_in(client(), one, other, follow=follow, owners=archive)
    if not quiet and not other.is_stream and sys.stderr.isatty():
        say(f"Copied {source} to {destination}", err=True)


@click.command("diff", cls=Command)
@click.argument("container")
def diff_command(container: str) -> None:
    """Show what a container has added (A), changed (C) and deleted (D) in its image's files."""
    for change in client().get(f"/containers/{container}/changes") or ():
        say(f"{_KINDS[change['Kind']]} {change['Path']}")


@click.command("export", cls=Command)
@click.argument("container")
@click.option("--output", "-o", "output", metavar="FILE", help="Write to a file instead of stdout.")
def export_command(container: str, output: str | None) -> None:
    """Write a container's files to a tar archive."""
    if output is None and sys.stdout.isatty():
        raise click.UsageError("cowardly refusing to save to a terminal. Use the -o flag or redirect")
    with client().request("GET", f"/containers/{container}/export") as response:
        if output is None:
            _to_stdout(response.pieces())
            return
        partial = Path(f"{output}.part")
        with partial.open("wb") as file:
            for piece in response.pieces():
                file.write(piece)
        partial.replace(output)  # a broken export leaves what was there before


@click.command("commit", cls=Command)
@click.argument("container")
@click.argument("reference", required=False)
@click.option("--author", "-a", metavar="TEXT", help="Author of the image.")
@click.option("--change", "-c", "changes", multiple=True, metavar="INSTRUCTION", help="Apply a Dockerfile instruction.")
@click.option("--message", "-m", metavar="TEXT", help="Comment of the image.")
@click.option("--pause/--no-pause", "-p", default=True, help="Let the container stand still meanwhile.")
def commit_command(
    container: str,
    reference: str | None,
    author: str | None,
    changes: tuple[str, ...],
    message: str | None,
    pause: bool,
) -> None:
    """Make an image of a container."""
    path, slash, last = (reference or "").rpartition("/")
    name, _, tag = last.partition(":")
    query = {
        "container": container,
        "repo": f"{path}{slash}{name}" or None,
        "tag": tag or None,
        "author": author,
        "changes": list(changes),
        "comment": message,
        "pause": pause,
    }
    say(client().post("/commit", query)["Id"])


# From a container


def copy_out(daemon: Client, source: Place, destination: Place, *, follow: bool, owners: bool) -> None:
    """Copy from a container. The archive is taken for hostile: nothing of it is unpacked outside of the destination."""
    path = source.path
    if follow:
        facts = _facts(daemon, source)
        if facts["mode"] & _LINK:
            path = beside(path, facts["linkTarget"])
    with daemon.request("GET", f"/containers/{source.container}/archive", {"path": path}) as response:
        if destination.is_stream:
            _to_stdout(response.pieces())
            return
        facts = _decoded(response.headers)
        asked, called = split(source.path)[1], split(path)[1]
        where = target(Found(path, True, bool(facts["mode"] & _DIRECTORY)), asked, _local(destination.path))
        new = where.name or (asked if asked != called else None)
        _unpack(_Reader(response.pieces()), Target(where.directory, new), called, owners)


def _local(path: str) -> Found:
    """The destination on this machine, links at its end followed."""
    if os.path.islink(path):
        path = os.path.realpath(path) + ("/" if path.endswith("/") else "")
    if os.path.lexists(path):
        is_directory = os.path.isdir(path)
        if path.endswith("/") and not is_directory:
            raise click.ClickException("not a directory")
        return Found(path, True, is_directory)
    parent = split(path)[0]
    if not os.path.isdir(parent):
        raise click.ClickException(f"{parent} is not a directory, or does not exist")
    return Found(path, False)


def _unpack(archive: "_Reader", where: Target, called: str, owners: bool) -> None:
    """Unpack an archive whose entries begin with ``called``."""
    from wherry.engine.files.copyin import CopyIn, Placement

    rename = None
    if where.name is not None:
        rename = b"" if called in _NOTHING_IN_FRONT else os.fsencode(called), os.fsencode(where.name)
    directory = os.open(where.directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        CopyIn(directory, "", Placement(keep_owner=not owners, keep_kinds=True, rename=rename)).run(archive)  # type: ignore[arg-type]  # it reads, no more
    finally:
        os.close(directory)


class _Reader:
    """Pieces as a file to be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        end = len(self._rest) if size < 0 else size
        data, self._rest = self._rest[:end], self._rest[end:]
        return data


# Into a container


def copy_in(daemon: Client, source: Place, destination: Place, *, follow: bool, owners: bool) -> None:
    """Copy into a container; what is not a directory there is not replaced by one, nor the other way round."""
    found = _there(daemon, destination)
    if source.is_stream:
        if not found.is_directory:
            raise click.ClickException(f'destination "{destination.container}:{destination.path}" must be a directory')
        directory, produce = found.path, _from_stdin
    else:
        path = os.path.realpath(source.path) if follow else source.path
        name = split(source.path)[1]
        is_directory = _is_directory(path, follow or ends_in_directory(source.path))
        where = target(Found(path, True, is_directory), name, found)
        directory, produce = where.directory, _Packing(path, where.name or name).send
    query = {"path": directory, "noOverwriteDirNonDir": True, "copyUIDGID": owners or None}
    daemon.put(f"/containers/{destination.container}/archive", query, produce).read()


def _there(daemon: Client, destination: Place) -> Found:
    """The destination in the container, a link at its end followed."""
    path = destination.path
    try:
        facts = _facts(daemon, destination)
        if facts["mode"] & _LINK:
            path = beside(path, facts["linkTarget"])
            facts = _facts(daemon, Place(destination.container, path))
    except ApiError as error:
        if error.status != 404:
            raise
        return Found(path, False)
    return Found(path, True, bool(facts["mode"] & _DIRECTORY))


def _is_directory(path: str, followed: bool) -> bool:
    try:
        status = os.stat(path) if followed else os.lstat(path)
    except OSError as error:
        raise click.ClickException(f"{path}: {(error.strerror or '').lower()}") from error
    return stat.S_ISDIR(status.st_mode)


def _from_stdin(send: Send) -> None:
    while piece := os.read(0, _CHUNK_BYTES):
        send(piece)


@dataclass(slots=True)
class _Packing:
    """Makes a tar of ``path``, in which it is called ``name``; what is packed is passed on as it is made."""

    path: str
    name: str
    _send: Send = field(init=False)

    def send(self, send: Send) -> None:
        from wherry.engine.files.copyout import copy_out
        from wherry.engine.snapshots.tree import Rendering

        self._send = send
        fd = os.open(self.path, os.O_PATH | (0 if ends_in_directory(self.path) else os.O_NOFOLLOW))
        try:
            copy_out(self, fd, os.fsencode(self.name), Rendering())
        finally:
            os.close(fd)

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        self._send(bytes(data))


def _facts(daemon: Client, where: Place) -> dict[str, Any]:
    """What a path in a container names: name, size, mode, mtime, linkTarget."""
    return _decoded(daemon.head(f"/containers/{where.container}/archive", {"path": where.path}))


def _decoded(headers: Any) -> dict[str, Any]:
    return dict(json.loads(base64.b64decode(headers[_STAT])))


def _to_stdout(pieces: Iterator[bytes]) -> None:
    for piece in pieces:
        sys.stdout.buffer.write(piece)
