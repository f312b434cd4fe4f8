"""``--chmod`` and ``--chown`` as rules for files. Names are looked up in the file system that is being built."""

import os
import re
from collections.abc import Callable

from wherry.engine.runtime import users
from wherry.engine.runtime.failure import Failure
from wherry.kit.errors import Invalid
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import openat2

_OCTAL = re.compile(r"0?[0-7]{1,4}")
_CLAUSE = re.compile(r"([ugoa]*)([-+=][rwxXstugo]*)+")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_SHIFT = {"u": 6, "g": 3, "o": 0}
_BITS = {"r": 4, "w": 2, "x": 1}

Mode = Callable[[int, bool], int]
"""New permission bits from the old ones and whether it is a directory."""


def parse_mode(text: str) -> Mode:
    """``755``, or chmod(1)'s ``u=rwX,go-w``; Invalid for anything else. The umask plays no part."""
    if _OCTAL.fullmatch(text):
        bits = int(text, 8)
        return lambda old, is_directory: bits
    clauses = text.split(",")
    if not all(_CLAUSE.fullmatch(clause) for clause in clauses):
        raise Invalid(f"invalid chmod parameter: '{text}'. it should be octal string and between 0 and 07777")
    return lambda old, is_directory: _symbolic(clauses, old, is_directory)


def _symbolic(clauses: list[str], mode: int, is_directory: bool) -> int:
    for clause in clauses:
        who = clause[: len(clause) - len(clause.lstrip("ugoa"))]
        classes = "ugo" if not who or "a" in who else who
        for operator, permissions in _ACTION.findall(clause[len(who) :]):
            mode = _apply(mode, classes, operator, permissions, is_directory)
    return mode


def _apply(mode: int, classes: str, operator: str, permissions: str, is_directory: bool) -> int:
    wanted, touched = 0, 0
    for one in classes:
        bits = _permission_bits(mode, permissions, is_directory) << _SHIFT[one]
        if "s" in permissions and one in "ug":
            bits |= {"u": 0o4000, "g": 0o2000}[one]
        wanted |= bits
        touched |= 7 << _SHIFT[one]
    if "t" in permissions:
        wanted |= 0o1000
    if operator == "+":
        return mode | wanted
    if operator == "-":
        return mode & ~wanted
    return mode & ~touched | wanted


def _permission_bits(mode: int, permissions: str, is_directory: bool) -> int:
    if permissions in ("u", "g", "o"):
        return mode >> _SHIFT[permissions] & 7
    bits = sum(_BITS[letter] for letter in "rwx" if letter in permissions)
    if "X" in permissions and (is_directory or mode & 0o111):
        bits |= 1
    return bits


def find_owner(text: str, root: int) -> tuple[int, int]:
    """uid and gid of ``user[:group]``; ``root`` is a descriptor of the file system's root.

    A number without a group is the group too, a name brings its own (docs: ``COPY --chown``). Invalid for what is not
    there.
    """
    user, colon, _ = text.partition(":")
    if not user or text.endswith(":"):
        raise Invalid(f"invalid chown parameter: '{text}'")
    if user.isascii() and user.isdigit() and not colon:
        text = f"{user}:{user}"
    try:
        found = users.resolve(text, [], _files_of(root))
    except Failure as failure:
        raise Invalid(f"invalid chown parameter: '{text}': {failure}") from failure
    return found.uid, found.gid


def _files_of(root: int) -> type[users.Files]:
    class Files(users.Files):
        """Reads inside the root, whatever links say."""

        @staticmethod
        def open(path: str) -> int:
            try:
                return openat2(root, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
            except KernelError as error:
                raise OSError(error.errno, os.strerror(error.errno or 0), path) from error

    return Files
