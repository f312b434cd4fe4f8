"""COPY, ADD and WORKDIR: files are written onto the layers so far; what was written becomes a layer."""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from wherry.engine.build.around import Engine
from wherry.engine.build.cache import CachedLayer, key
from wherry.engine.build.layers import Target
from wherry.engine.build.looks import find_owner, parse_mode
from wherry.engine.build.selection import Item
from wherry.engine.build.tree import Tree
from wherry.engine.build.writing import Looks, Writer

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Files:
    """Selected files of a tree. ``digest`` is of all that counts. ``keeps``: owners and times are the tree's own."""

    tree: Tree
    items: Sequence[Item]
    digest: str
    keeps: bool = False

    @property
    def mark(self) -> str:
        """For the cache's key."""
        return files_mark(self.digest, self.keeps)


def files_mark(digest: str, keeps: bool) -> str:
    """The mark of files that are not looked at, because their digest is known."""
    return f"files:{digest}:{keeps}"


@dataclass(frozen=True, slots=True)
class Document:
    """A file that stands in the Dockerfile, or was downloaded. ``time`` in seconds since 1970, None: the build's."""

    name: str
    content: bytes
    mode: int = 0o644
    time: int | None = None

    @property
    def mark(self) -> str:
        return f"document:{self.name}:{self.mode}:{self.time}:{hashlib.sha256(self.content).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Later:
    """Files that are made when they are to be written, for as long as the stack lasts; ``mark`` is theirs."""

    mark: str
    make: Callable[[ExitStack], Files]


Part = Files | Document | Later


@dataclass(frozen=True, slots=True)
class Shape:
    """How and where to. ``destination`` is absolute; ``into``: it was said to be a directory.

    ``link``: the layer does not depend on what is below.
    """

    destination: str
    into: bool = False
    chown: str = ""
    chmod: str = ""
    link: bool = False

    def key(self, marks: Sequence[str], parent: str | None, epoch: int | None) -> str:
        """Of the cache; ``epoch`` None: files have the times that they have."""
        return key("copy", parent, self.destination, self.into, self.chown, self.chmod, self.link, epoch, list(marks))


def copy(engine: Engine, shape: Shape, parts: Sequence[Part], target: Target) -> CachedLayer:
    """Write the files and commit them. Invalid for what cannot be copied. Blocks."""
    with ExitStack() as stack:
        there = [part.make(stack) if isinstance(part, Later) else part for part in parts]
        return _copy(engine, shape, there, target)


def _copy(engine: Engine, shape: Shape, parts: Sequence[Files | Document], target: Target) -> CachedLayer:
    def fill(root: int) -> None:
        owner = find_owner(shape.chown, root) if shape.chown else None
        mode = parse_mode(shape.chmod) if shape.chmod else None
        at = engine.now() if target.epoch_seconds is None else target.epoch_seconds * _SECOND
        for part in parts:
            if isinstance(part, Document):
                _write(Writer(root, Looks(owner or (0, 0), mode)), shape, part, at)
                continue
            keeps_times = part.keeps or target.epoch_seconds is None
            looks = Looks(owner or (None if part.keeps else (0, 0)), mode, None if keeps_times else at)
            Writer(root, looks).copy(part.tree, part.items, shape.destination, shape.into)

    return written(engine, target, fill, alone=shape.link)


def _write(writer: Writer, shape: Shape, document: Document, at: int) -> None:
    into = shape.into or writer.is_directory(shape.destination)
    path = f"{shape.destination.rstrip('/')}/{document.name}" if into else shape.destination
    moment = at if document.time is None else document.time * _SECOND
    writer.write(path, document.content, document.mode, moment)


def make_directory(engine: Engine, path: str, user: str, target: Target) -> CachedLayer | None:
    """The layer that adds a directory of ``user``'s; None when it is there already. Blocks."""
    with engine.snapshots.view(target.chain_ids) as root:
        if Writer(root, Looks()).is_directory(path):
            return None

    def fill(root: int) -> None:
        owner = find_owner(user, root) if user else (0, 0)
        os.close(Writer(root, Looks(owner)).make_directories(path))

    return written(engine, target, fill)


def written(engine: Engine, target: Target, fill: Callable[[int], None], alone: bool = False) -> CachedLayer:
    """What ``fill`` writes below the descriptor it gets, as a layer. ``alone``: it does not see what is below."""
    with engine.scratch() as directory:
        upper, space = engine.snapshots.prepare(directory, 0)
        below = [] if alone else target.chain_ids
        with engine.snapshots.view(below, upper, space, volatile=True) as root:
            fill(root)
        return engine.layers.make(upper, target, target.options())
