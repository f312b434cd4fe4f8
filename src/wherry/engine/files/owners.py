"""Who a user of a container is, by the container's own /etc/passwd and /etc/group, read from outside."""

import os

from wherry.engine.runtime import users
from wherry.engine.runtime.failure import Failure
from wherry.kit.errors import Invalid
from wherry.linux.openat2 import openat2

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY


def resolved(root: int, user: str) -> tuple[int, int]:
    """uid and gid of ``user``, in Docker's grammar, in a tree. Invalid when it knows no such user."""

    class Inside(users.Files):
        @staticmethod
        def open(path: str) -> int:
            return openat2(root, path, _FLAGS)

    try:
        found = users.resolve(user, [], Inside)
    except Failure as failure:
        raise Invalid(str(failure)) from failure
    return found.uid, found.gid
