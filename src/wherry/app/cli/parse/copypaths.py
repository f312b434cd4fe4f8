"""What ``cp`` means by its two paths: docker's rules (docker/cli command/container/cp.go, go-archive copy.go). Pure.

What is copied goes *into* a destination that is a directory, and takes the name of one that is not there. A source that
ends in ``/.`` is the contents of a directory.
"""

import posixpath
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Place:
    """One end of a copy; ``container`` empty: on this machine. The path ``-`` there is a stream."""

    container: str
    path: str

    @property
    def is_stream(self) -> bool:
        return not self.container and self.path == "-"


@dataclass(frozen=True, slots=True)
class Found:
    """What is at a path."""

    path: str
    exists: bool
    is_directory: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Unpack in ``directory``, where what is copied is called ``name`` (None: as it is called)."""

    directory: str
    name: str | None = None


def place(argument: str) -> Place:
    """``CONTAINER:PATH``, or a path of this machine: one that begins with a slash or a dot, or has no colon."""
    if argument.startswith("/"):
        return Place("", argument)
    container, colon, path = argument.partition(":")
    if not colon or container.startswith("."):
        return Place("", argument)
    return Place(container, path)


def target(source: Found, name: str, destination: Found) -> Target:
    """Where a source called ``name`` goes. Raises ClickException for what cannot be."""
    if destination.exists and destination.is_directory:
        return Target(destination.path)
    if destination.exists and source.is_directory:
        raise click.ClickException("cannot copy directory")
    if not destination.exists and not source.is_directory and destination.path.endswith("/"):
        raise click.ClickException("no such directory")
    directory, new = split(destination.path)
    return Target(directory, new if new != name else None)


def split(path: str) -> tuple[str, str]:
    """Directory and last name; the name of ``a/.`` is ``.`` and of the root ``/``."""
    cleaned = posixpath.normpath(path)
    if path.rstrip("/").rpartition("/")[2] == ".":
        cleaned = cleaned.rstrip("/") + "/."
    directory, _, name = cleaned.rpartition("/")
    return (directory or ("/" if cleaned.startswith("/") else ".")), name or "/"


def ends_in_directory(path: str) -> bool:
    """Whether a path can only mean a directory, by whatever links."""
    return path.endswith("/") or path.rpartition("/")[2] == "."


def beside(path: str, link: str) -> str:
    """The path that a symbolic link at ``path`` leads to."""
    return link if link.startswith("/") else posixpath.join(posixpath.dirname(path.rstrip("/")), link)
