"""Users with passwords: the file that ``htpasswd -B`` writes. Who is in it may do everything, as in docker-registry.

Passwords are checked against bcrypt hashes, which is slow on purpose: in a thread, one at a time, so that guessing
takes one processor at most. A password that was right is remembered for a while as a keyed hash.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import os
import re
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import bcrypt

from wherry.engine.registry.model import Code, Refused
from wherry.kit.errors import Invalid
from wherry.registryapi.access import Access
from wherry.registryapi.errors import Challenged

log = logging.getLogger(__name__)

REMEMBERED_SECONDS = 300.0
REMEMBERED_LIMIT = 256
WAITING_LIMIT = 64
"""Passwords waiting to be checked; beyond, clients are told to come back."""

PASSWORD_LIMIT_BYTES = 72
"""bcrypt looks at no more (and its library refuses more)."""

_BCRYPT = re.compile(r"\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}", re.ASCII)


class Htpasswd:
    """The guard of a password file, which is read again when it changes."""

    is_open = False

    def __init__(self, path: Path, realm: str = "Wherry registry") -> None:
        """Raises Invalid for a file that cannot be read or has anything but bcrypt in it."""
        self._path = path
        self._challenge = f'Basic realm="{realm}"'
        self._stamp = _stamp(path)
        self._users = _read(path)
        self._key = secrets.token_bytes(32)
        self._remembered: dict[bytes, float] = {}  # keyed hash of user and password → when it is forgotten
        self._checking = asyncio.Lock()
        self._waiting = 0

    async def admit(self, authorization: str | None, wanted: Sequence[Access]) -> None:
        """See :class:`wherry.registryapi.access.Guard`."""
        self._refresh()
        credentials = _credentials(authorization)
        if credentials is None:
            raise Challenged("authentication required", self._challenge)
        if not await self._is_right(*credentials):
            raise Challenged("user name or password is wrong", self._challenge)

    async def _is_right(self, user: str, password: bytes) -> bool:
        name = hmac.digest(self._key, b"%s\0%s" % (user.encode(), password), hashlib.sha256)
        if self._is_remembered(name):
            return True
        if self._waiting >= WAITING_LIMIT:
            raise Refused(Code.TOOMANYREQUESTS, "too many passwords are being checked: try again")
        self._waiting += 1
        try:
            async with self._checking:
                # The same client asked several times at once: the first has checked for the others.
                if self._is_remembered(name):
                    return True
                users = self._users
                right = await asyncio.to_thread(_check, users, user, password)
                if right and users is self._users:
                    self._remember(name)
                return right
        finally:
            self._waiting -= 1

    def _is_remembered(self, name: bytes) -> bool:
        return self._remembered.get(name, 0.0) > time.monotonic()

    def _remember(self, name: bytes) -> None:
        if len(self._remembered) >= REMEMBERED_LIMIT:
            self._remembered.clear()
        self._remembered[name] = time.monotonic() + REMEMBERED_SECONDS

    def _refresh(self) -> None:
        """Take a changed file; one that is wrong is told of, and the old one stays."""
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._users = _read(self._path)
        except Invalid as error:
            log.error("the passwords known so far stay: %s", error.message)
            return
        self._remembered.clear()


def _check(users: dict[str, bytes], user: str, password: bytes) -> bool:
    """Takes as long for a user who does not exist."""
    stored = users.get(user)
    compared = stored or next(iter(users.values()), None)
    if compared is None or len(password) > PASSWORD_LIMIT_BYTES or b"\0" in password:
        return False
    return bcrypt.checkpw(password, compared) and stored is not None


def _credentials(authorization: str | None) -> tuple[str, bytes] | None:
    """User and password of ``Basic <base64>`` (RFC 7617); None for anything else."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _read(path: Path) -> dict[str, bytes]:
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"password file {path}: {getattr(error, 'strerror', None) or error}") from error
    users: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        user, _, hashed = line.strip().partition(":")
        if not user or not _BCRYPT.fullmatch(hashed):
            raise Invalid(f"password file {path}: line {number} is not USER:BCRYPT-HASH; make it by `htpasswd -B`")
        users[user] = hashed.encode()
    return users
