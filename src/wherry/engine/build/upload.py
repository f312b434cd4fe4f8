"""A context that comes as an archive, and what a directory says of itself: its Dockerfile, its .dockerignore."""

import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from wherry.engine.build.around import Engine
from wherry.engine.build.model import Source
from wherry.engine.build.unpack import unpack
from wherry.engine.images.feed import through
from wherry.kit.errors import Invalid
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import openat2

_LIMIT_BYTES = 1 << 20
_DEFAULT_NAMES = ("Dockerfile", "dockerfile")


@asynccontextmanager
async def uploaded(engine: Engine, chunks: AsyncIterator[bytes]) -> AsyncIterator[Path]:
    """The files of an archive as they arrive, in a directory that is there as long as the block lasts. Invalid.

    Nobody waits for their deletion.
    """
    directory = engine.directory()
    try:
        await through(chunks, lambda stream: unpack(stream, directory))
        yield directory
    finally:
        engine.trash.throw(directory)


def source_of(directory: Path, name: str, is_passing: bool = False) -> Source:
    """The build that a directory describes; ``name`` of its Dockerfile, empty for the usual one. Invalid. Blocks."""
    root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found, text = _dockerfile(root, name)
        ignore = _read(root, f"{found}.dockerignore")
        if ignore is None:
            ignore = _read(root, ".dockerignore") or ""
    finally:
        os.close(root)
    return Source(text, directory, os.path.basename(found), ignore, is_passing)


def ignore_of(directory: Path) -> str:
    """The text of a context's own .dockerignore, empty when it has none. Invalid. Blocks."""
    root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return _read(root, ".dockerignore") or ""
    finally:
        os.close(root)


def _dockerfile(root: int, name: str) -> tuple[str, str]:
    for one in (name,) if name else _DEFAULT_NAMES:
        text = _read(root, one)
        if text is not None:
            return one, text
    shown = name or _DEFAULT_NAMES[0]
    raise Invalid(f"Cannot locate specified Dockerfile: {shown}")


def _read(root: int, path: str) -> str | None:
    """A small text file inside the root; None when there is none. Invalid for what is none, or too large."""
    try:
        fd = openat2(root, path, os.O_RDONLY | os.O_NONBLOCK)
    except KernelError as error:
        if error.errno in (2, 20):
            return None
        raise Invalid(f"{path} cannot be read: {error}") from error
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LIMIT_BYTES:
        os.close(fd)
        raise Invalid(f"{path} is no regular file of at most 1 MiB")
    with os.fdopen(fd, "rb") as file:
        return file.read(_LIMIT_BYTES).decode("utf-8", "replace")
