"""ADD from elsewhere: a file by its URL, a git repository at a commit."""

import hashlib
import os
import posixpath
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from wherry.engine.build import git
from wherry.engine.build.addfiles import archive, digested, whole
from wherry.engine.build.cache import key
from wherry.engine.build.copying import Files, Part
from wherry.engine.build.stepping import Step
from wherry.engine.dockerfile.model import Add
from wherry.engine.images.threads import in_thread
from wherry.http.client import Answer, HttpClient, Request
from wherry.kit.errors import Invalid, NotFound, Unavailable

_REDIRECTS = 10
_LIMIT_BYTES = 64 << 30
_DISPOSITION = re.compile(r'filename=(?:"([^"]*)"|([^";\s]+))')
_CHECKSUM = re.compile(r"(sha256|sha384|sha512):([0-9a-f]+)")


def is_remote(source: str) -> bool:
    """Whether a source is no file of the context."""
    return source.startswith(("http://", "https://")) or git.is_repository(source)


async def remote_part(step: Step, one: Add, source: str, stack: ExitStack) -> Part:
    """What is to be copied of a remote source. Invalid, NotFound, Unavailable."""
    scratch = await in_thread(stack.enter_context, step.job.engine.scratch())
    if git.is_repository(source):
        return await _repository(one, source, scratch, stack)
    return await _download(step, one, source, scratch, stack)


async def _repository(one: Add, source: str, scratch: Path, stack: ExitStack) -> Files:
    place = git.parse(source)
    commit = await git.checkout(place, scratch / "repository", keep_git=bool(one.keep_git_dir))
    if one.checksum and not commit.startswith(one.checksum):
        raise Invalid(f"{source}: expected checksum to match {one.checksum}, got {commit}")
    top = await in_thread(git.inside, scratch / "repository", place.directory)
    return await in_thread(whole, top, f"git:{commit}:{place.directory}:{bool(one.keep_git_dir)}", stack)


async def _download(step: Step, one: Add, source: str, scratch: Path, stack: ExitStack) -> Part:
    """A file of mode 0600 with the server's time; unpacked only when that is asked for."""
    checksum = _checksum(one.checksum)
    async with HttpClient("wherry-build") as client, followed(client, source) as answer:
        if answer.status != 200:
            raise (NotFound if answer.status == 404 else Unavailable)(f"{source}: server answered {answer.reason}")
        name = _name(source, answer, one.destination)
        path = scratch / "files" / name
        path.parent.mkdir()
        digest = await received(answer, path, checksum)
        moment = _time(answer)
    os.chmod(path, 0o600)
    if moment is not None:
        os.utime(path, (moment, moment))
    else:
        os.utime(path, (0, 0))
    if one.unpack:
        return archive(step, lambda: os.open(path, os.O_RDONLY | os.O_CLOEXEC), digest)
    return await in_thread(digested, path, key("download", digest, name, moment), stack)


def _checksum(text: str) -> tuple[str, str] | None:
    if not text:
        return None
    match = _CHECKSUM.fullmatch(text)
    if match is None or len(match[2]) != hashlib.new(match[1]).digest_size * 2:
        raise Invalid(f"invalid checksum {text!r}: expected sha256:, sha384: or sha512: and its digits")
    return match[1], match[2]


@asynccontextmanager
async def followed(client: HttpClient, url: str) -> AsyncIterator[Answer]:
    """The answer behind redirects. No credentials are sent anywhere, so they may lead where they want."""
    for _ in range(_REDIRECTS):
        async with client.send(Request("GET", url, {"Accept": "*/*"})) as answer:
            if answer.status not in (301, 302, 303, 307, 308):
                yield answer
                return
            target = urljoin(url, answer.headers.get("Location", ""))
        if not target.startswith(("http://", "https://")):
            raise Invalid(f"{url} redirects to {target}: only http and https are followed")
        url = target
    raise Unavailable(f"{url}: more than {_REDIRECTS} redirects")


def _name(source: str, answer: Answer, destination: str) -> str:
    """The file's name: the last part of what the server calls it, else the URL's. Invalid when there is none."""
    match = _DISPOSITION.search(answer.headers.get("Content-Disposition", ""))
    said = (match[1] or match[2] or "") if match else ""
    for path in (said, unquote(urlsplit(source).path)):
        name = posixpath.basename(path)
        if name not in ("", ".", "..") and "\0" not in name:
            return name
    if destination.endswith("/"):
        raise Invalid(f"cannot determine filename for source {source}: give the whole path as the destination")
    return "download"


async def received(answer: Answer, path: Path, checksum: tuple[str, str] | None) -> str:
    """Write the body to a new file; its sha256. ``checksum``: algorithm and digits. Invalid for another one."""
    hashed = hashlib.sha256()
    expected = hashlib.new(checksum[0]) if checksum else None
    size = 0
    with path.open("xb") as file:
        async for piece in answer.pieces():
            size += len(piece)
            if size > _LIMIT_BYTES:
                raise Invalid(f"{answer.request}: the file is too large")
            hashed.update(piece)
            if expected is not None:
                expected.update(piece)
            await in_thread(file.write, piece)
    if checksum is not None and expected is not None and expected.hexdigest() != checksum[1]:
        raise Invalid(f"digest mismatch {checksum[0]}:{expected.hexdigest()}: {checksum[0]}:{checksum[1]}")
    return hashed.hexdigest()


def _time(answer: Answer) -> int | None:
    try:
        return max(0, int(parsedate_to_datetime(answer.headers.get("Last-Modified", "")).timestamp()))
    except (ValueError, TypeError, OverflowError):
        return None
