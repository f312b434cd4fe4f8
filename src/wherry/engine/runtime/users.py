"""Docker's user grammar, resolved in the container's own /etc/passwd and /etc/group.

``name|uid[:group|gid]``. A number is always an id, never the name of one (CVE-2024-40635); both files are read as plain
files of at most 1 MiB (CVE-2026-47262). Runs in the container's root, so nothing is imported: no ``pwd``, no NSS.
"""

import errno
import os
import stat

from wherry.engine.runtime.failure import Failure
from wherry.linux import openat2
from wherry.linux.syscalls import AT_FDCWD

MAX_ID = 0xFFFFFFFE  # (uid_t)-1 means "unchanged" to the kernel
_MAX_FILE = 1 << 20


class User:
    """What a user was resolved to; ``home`` is "" when /etc/passwd does not know the uid."""

    __slots__ = ("gid", "groups", "home", "uid")

    def __init__(self, uid: int, gid: int, groups: list[int], home: str) -> None:
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.home = home


def resolve(spec: str, additional: list[int | str], read: "type[Files]", of_image: bool | None = None) -> User:
    """Resolve ``spec`` ("" is root). ``additional`` are the groups asked for beside it, ids or names. ``of_image``:
    whether it has the groups, too, that /etc/group gives it; None: as with Docker, if it was asked for without a group.

    The primary group is among the supplementary ones, else a file's "not this group" bits could be dodged
    (CVE-2022-36109).
    """
    name, colon, group = spec.partition(":")
    if spec and (not name or (colon and not group)):
        raise Failure("find user", f'unable to find user {spec}: invalid user "{spec}"')
    passwd = read.lines("/etc/passwd")
    entry = _entry(passwd, name or "0")
    uid = _identifier(name or "0", "user")
    if uid is None:
        if entry is None:
            raise Failure("find user", f"unable to find user {name}: no matching entries in passwd file")
        uid = _field(entry, 2, "uid")
    gid = _field(entry, 3, "gid") if entry else 0
    groups: list[int] = []
    table = read.lines("/etc/group") if group or entry or additional else []
    if group:
        gid = _group(group, table)
    if entry and (bool(name and not group) if of_image is None else of_image):
        groups = [_field(line, 2, "gid") for line in table if _is_member(line, entry[0])]
    groups += [extra if isinstance(extra, int) else _group(extra, table) for extra in additional]
    unique = list(dict.fromkeys([gid, *groups]))
    return User(uid, gid, unique, entry[5] if entry and len(entry) > 5 else "")


def _entry(passwd: list[list[str]], name: str) -> list[str] | None:
    column = 2 if name.isdigit() else 0
    return next((fields for fields in passwd if len(fields) > 3 and fields[column] == name), None)


def _identifier(text: str, what: str) -> int | None:
    """The id that ``text`` is; None when it is a name. Only plain ASCII decimals without sign or prefix are ids."""
    if not (text.isascii() and text.isdigit()):
        return None
    number = int(text) if len(text) < 20 else MAX_ID + 1
    if number > MAX_ID:
        raise Failure("find user", f"unable to find {what} {text}: uids and gids must be in range 0-{MAX_ID}")
    return number


def _group(text: str, table: list[list[str]]) -> int:
    gid = _identifier(text, "group")
    if gid is not None:
        return gid
    for fields in table:
        if len(fields) > 2 and fields[0] == text:
            return _field(fields, 2, "gid")
    raise Failure("find group", f"unable to find group {text}: no matching entries in group file")


def _is_member(fields: list[str], user: str) -> bool:
    return len(fields) > 3 and user in fields[3].split(",") and fields[2].isdigit()


def _field(fields: list[str], index: int, what: str) -> int:
    number = _identifier(fields[index], what)
    if number is None:
        raise Failure("find user", f"unable to find user {fields[0]}: its {what} {fields[index]!r} is not a number")
    return number


class Files:
    """Reads the two files from the current root."""

    @staticmethod
    def open(path: str) -> int:
        """Links are the image's own affair, but those of /proc lead to what this very process has open."""
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
        return openat2.openat2(AT_FDCWD, path, flags, resolve=openat2.RESOLVE_NO_MAGICLINKS)

    @classmethod
    def lines(cls, path: str) -> list[list[str]]:
        """The colon-separated lines of ``path``; none when it does not exist."""
        try:
            fd = cls.open(path)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return []
            raise Failure(
                "find user", f"unable to find user: open {path}: {error.strerror}", error.errno or 0, path
            ) from error
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise Failure("find user", f"unable to find user: {path} is not a regular file", path=path)
            if status.st_size > _MAX_FILE:
                raise Failure("find user", f"unable to find user: {path} is larger than 1 MiB", path=path)
            text = os.read(fd, _MAX_FILE)
        except OSError as error:
            raise Failure(
                "find user", f"unable to find user: read {path}: {error.strerror}", error.errno or 0, path
            ) from error
        finally:
            os.close(fd)
        return [line.split(":") for line in text.decode("utf-8", "replace").split("\n") if line and line[0] != "#"]
