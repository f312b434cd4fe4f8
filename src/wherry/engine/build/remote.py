"""ADD from elsewhere: a file by its URL, a git repository at a commit."""

from contextlib import ExitStack

from wherry.engine.build.copying import Document, Files
from wherry.engine.build.stepping import Step
from wherry.engine.dockerfile.model import Add
from wherry.kit.errors import Unsupported

_GIT = ("git://", "git@", "ssh://")


def is_remote(source: str) -> bool:
    """Whether a source is no file of the context."""
    return source.startswith(("http://", "https://", *_GIT))


async def remote_parts(step: Step, one: Add, source: str, stack: ExitStack) -> list[Files | Document]:
    """What is to be copied of a remote source."""
    raise Unsupported(f"ADD {source}: sources of other machines are not available in this version of Wherry")
