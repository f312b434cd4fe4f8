"""Digests of files, and of everything that one COPY copies.

A file of a context that has not changed is not read again: its digest is remembered with what stat(2) said of it
(inode, size, times of last change of content and of inode). A file that changed less than a moment before it was read
is read again the next time: within a tick of the kernel's clock its times would not tell (as git's index,
racy-git.txt).
"""

import hashlib
import os
import time
from collections.abc import Iterable

import msgspec

from wherry.engine.build.cache import BuildCache, key
from wherry.engine.build.tree import Entry, Tree

_TICK_NANOSECONDS = 100_000_000  # ten times the coarsest tick (CONFIG_HZ=100)
_READ_BYTES = 1 << 20

Known = tuple[int, int, int, int, str]
_decode = msgspec.json.Decoder(dict[str, Known]).decode


class FileDigests:
    """SHA-256 of a tree's files, in hexadecimal. ``remember`` False: nothing is kept (the tree is a passing one)."""

    def __init__(self, cache: BuildCache, tree: Tree, remember: bool = True) -> None:
        self._cache = cache
        self._tree = tree
        status = os.fstat(tree.fd)
        self._key = key("context", status.st_dev, status.st_ino) if remember else ""
        self._known: dict[str, Known] = {}
        self._changed = False
        if self._key and (stored := cache.fact(self._key)):
            self._known = _decode(stored)

    def of(self, entry: Entry) -> str:
        """The digest of a regular file; reads it unless it is known."""
        status, path = entry.status, _text(entry.path)
        known = self._known.get(path)
        facts = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if known is not None and known[:4] == facts:
            return known[4]
        digest = self._read(entry)
        if self._key and status.st_ctime_ns < time.time_ns() - _TICK_NANOSECONDS:
            self._known[path] = (*facts, digest)
            self._changed = True
        return digest

    def _read(self, entry: Entry) -> str:
        hashed = hashlib.sha256()
        fd = self._tree.open(entry)
        try:
            while chunk := os.read(fd, _READ_BYTES):
                hashed.update(chunk)
        finally:
            os.close(fd)
        return hashed.hexdigest()

    def save(self) -> None:
        """Keep what was learnt, for the next build of this context."""
        if self._changed:
            self._cache.put_fact(self._key, msgspec.json.encode(self._known))
            self._changed = False


def digest_of(items: Iterable[tuple[str, Entry]], files: FileDigests, with_owners: bool) -> str:
    """The digest of files at their places: names, kinds, modes, contents, link targets; never times.

    ``with_owners``: owners count too (files of an image keep theirs; files of a context become root's).
    """
    hashed = hashlib.sha256()
    for place, entry in items:
        status = entry.status
        owner = (status.st_uid, status.st_gid) if with_owners else None
        content = files.of(entry) if entry.is_regular else entry.link
        device = 0 if entry.is_regular or entry.is_directory else status.st_rdev
        hashed.update(msgspec.json.encode([_text(place), entry.mode, owner, device, _text(content)]))
    return hashed.hexdigest()


def _text(name: str) -> str:
    """A name that is no UTF-8 is spelt out."""
    return name.encode("utf-8", "surrogateescape").decode("latin-1") if not name.isascii() else name
