"""A full disk, told as what it is: nobody's fault, and repeating may succeed."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from wherry.kit.errors import Unavailable

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Full(Unavailable):
    """The disk, or a quota, is full."""


@contextmanager
def space_for(what: str) -> Iterator[None]:
    """Raise Full in place of the kernel's ENOSPC and EDQUOT; other errors pass."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Full(f"cannot store {what}: no space left on device") from error
        raise
