"""A context by its address: a git repository, an archive on a web server, a Dockerfile on one.

What an address means is as https://docs.docker.com/build/concepts/context/ says.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from wherry.engine.build import git
from wherry.engine.build.around import Engine
from wherry.engine.build.remote import followed, received
from wherry.engine.build.unpack import is_archive, unpack
from wherry.engine.images.threads import in_thread
from wherry.http.client import HttpClient
from wherry.kit.errors import Invalid, NotFound, Unavailable

_DOCKERFILE_LIMIT_BYTES = 1 << 20
_GITHUB = "github.com/"


def is_address(context: str) -> bool:
    """Whether a context is no directory: ``git@host:path``, ``github.com/…``, and what has a scheme of the web's or
    git's."""
    return context.startswith(("http://", "https://", _GITHUB)) or git.is_repository(context)


@asynccontextmanager
async def fetched(engine: Engine, address: str, keep_git: bool = False) -> AsyncIterator[Path]:
    """Its files, in a directory that is there as long as the block lasts; nobody waits for their deletion.

    A text is a Dockerfile, the only file of its context. ``keep_git``: a repository comes with its ``.git``.
    Raises Invalid, NotFound, Unavailable, and Unsupported without the program git.
    """
    directory = engine.directory()
    try:
        address = f"https://{address}" if address.startswith(_GITHUB) else address
        if git.is_repository(address) or _is_github(address):
            place = git.parse(address)
            await git.checkout(place, directory / "repository", keep_git)
            yield await in_thread(git.inside, directory / "repository", place.directory)
        elif address.startswith(("http://", "https://")):
            file = directory / "download"
            await _download(address, file)
            yield await in_thread(_opened, file, directory / "context", address)
        else:
            raise Invalid(f"unable to prepare context: {address!r} is no address of a repository or a web server")
    finally:
        engine.trash.throw(directory)


def _is_github(address: str) -> bool:
    """Its pages and repositories have one address; who asks for a context means the repository."""
    parts = address.partition("#")[0].removeprefix(f"https://{_GITHUB}").strip("/").split("/")
    return address.startswith(f"https://{_GITHUB}") and len(parts) == 2


async def _download(address: str, file: Path) -> None:
    async with HttpClient("wherry-build") as client, followed(client, address) as answer:
        if answer.status != 200:
            kind = NotFound if answer.status == 404 else Unavailable
            raise kind(f"failed to download the context {address}: server answered {answer.reason}")
        await received(answer, file, None)


def _opened(file: Path, directory: Path, address: str) -> Path:
    """The context that a downloaded file is. Invalid. Blocks."""
    directory.mkdir(mode=0o755)
    with file.open("rb") as stream:
        is_whole = is_archive(stream)
        stream.seek(0)
        if is_whole:
            unpack(stream, directory)
            return directory
    with file.open("rb") as stream:
        beginning = stream.read(4096)
    if b"\0" in beginning or os.stat(file).st_size > _DOCKERFILE_LIMIT_BYTES:
        raise Invalid(f"{address} is neither an archive (tar, gzip, bzip2, xz, zstd) nor a Dockerfile")
    file.rename(directory / "Dockerfile")
    return directory
