"""Git repositories as sources, by the ``git`` program.

The program is told to run nothing of a repository's or this machine's configuration, to take no local files
(CVE-2022-39253), and names never reach it where an option could stand.
"""

import asyncio
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from wherry.kit.errors import Invalid, NotFound, Unavailable, Unsupported
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import openat2

_SCP = re.compile(r"[a-zA-Z0-9_.-]+@[a-zA-Z0-9.-]+:(?!//).+")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_REFERENCE = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./+-]{0,250}")
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.file.allow=never",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "credential.helper=",
    "init.defaultBranch=main",
)
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
}
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Place:
    """``url#reference:directory``; the last two may be empty."""

    url: str
    reference: str = ""
    directory: str = ""


def is_repository(source: str) -> bool:
    """``git://``, ``git@host:path``, ``ssh://``, and HTTP addresses whose path ends with ``.git``."""
    if source.startswith(("git://", "ssh://")) or _SCP.fullmatch(source.partition("#")[0]):
        return True
    return source.startswith(("http://", "https://")) and source.partition("#")[0].endswith(".git")


def parse(source: str) -> Place:
    """Invalid for references and directories that could mean something else."""
    url, _, fragment = source.partition("#")
    reference, _, directory = fragment.partition(":")
    if reference and (not _REFERENCE.fullmatch(reference) or ".." in reference):
        raise Invalid(f"invalid git reference {reference!r}")
    if ".." in directory.split("/"):
        raise Invalid(f"invalid git directory {directory!r}: it leads out of the repository")
    return Place(url, reference, directory.strip("/"))


async def checkout(place: Place, directory: Path, keep_git: bool) -> str:
    """Get the files of a commit into a new ``directory``; the commit's id. NotFound, Unavailable, Unsupported."""
    program = shutil.which("git", path=_ENVIRONMENT["PATH"])
    if program is None:
        raise Unsupported("git repositories need the program git, which is not there: install Debian's package git")
    directory.mkdir()
    await _git(program, directory, "init", "-q")
    wanted = place.reference or "HEAD"
    await _git(program, directory, "fetch", "-q", "--depth=1", "--no-tags", "--", place.url, wanted)
    await _git(program, directory, "checkout", "-q", "--detach", "FETCH_HEAD")
    commit = (await _git(program, directory, "rev-parse", "HEAD")).strip()
    if not _COMMIT.fullmatch(commit):
        raise Unavailable(f"{place.url}: git gave no commit")
    if not keep_git:
        shutil.rmtree(directory / ".git")
    return commit


async def _git(program: str, directory: Path, *arguments: str) -> str:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    process = await asyncio.create_subprocess_exec(
        program,
        *settings,
        *arguments,
        cwd=directory,
        env={**_ENVIRONMENT, **_proxies()},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_SECONDS):  # not wait_for, which loses a cancellation now and then
            output, errors = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        text = errors.decode("utf-8", "replace").strip()[:500]
        kind = NotFound if "not find remote ref" in text or "not found" in text else Unavailable
        raise kind(f"failed to fetch git repository: {text}")
    return output.decode("utf-8", "replace")


def _proxies() -> dict[str, str]:
    names = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
    return {name: os.environ[name] for name in names if name in os.environ}


def inside(repository: Path, directory: str) -> Path:
    """A directory of the repository, none of its links leading outside. NotFound."""
    if not directory:
        return repository
    root = os.open(repository, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fd = openat2(root, directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return Path(os.readlink(f"/proc/self/fd/{fd}"))
        finally:
            os.close(fd)
    except KernelError as error:
        raise NotFound(f"the repository has no directory {directory!r}") from error
    finally:
        os.close(root)
