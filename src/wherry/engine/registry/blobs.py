"""The blobs of repositories: found, mounted, deleted."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from wherry.engine.content import ContentStore
from wherry.engine.registry.familiar import ImageSource
from wherry.engine.registry.keeper import Keeper
from wherry.engine.registry.model import Code, Refused
from wherry.engine.registry.rows import RegistryRows
from wherry.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class Shelves:
    """What all parts of the registry work on. ``now`` is in seconds since 1970."""

    rows: RegistryRows
    content: ContentStore
    keeper: Keeper
    images: ImageSource
    now: Callable[[], int]


class Blobs:
    """A repository has what was pushed or mounted there, and what the engine's images of its name consist of."""

    def __init__(self, shelves: Shelves) -> None:
        self._rows = shelves.rows
        self._content = shelves.content
        self._keeper = shelves.keeper
        self._images = shelves.images
        self._now = shelves.now

    def size(self, repository: str, digest: Digest) -> int:
        """Bytes of a repository's blob. Whoever asks may be about to need it: it is not collected for a while.

        Refused (BLOB_UNKNOWN), also when the file was lost: the client will then push it again.
        """
        size = self._rows.blob(repository, str(digest))
        if size is not None:
            self._rows.touch_blob(repository, str(digest), self._now())
        if not self._content.has(digest):
            size = None
        elif size is None and self._images.has_blob(repository, str(digest)):
            size = self._content.size(digest)
        if size is None:
            raise Refused(Code.BLOB_UNKNOWN, f"blob unknown to repository {repository}", {"digest": str(digest)})
        return size

    def open(self, repository: str, digest: Digest) -> tuple[int, int]:
        """A descriptor, which the caller closes, and the size in bytes. Refused (BLOB_UNKNOWN).

        What is read is not hashed again: it was when it was written, and the client does.
        """
        size = self.size(repository, digest)
        return os.open(self._content.path(digest), os.O_RDONLY | os.O_CLOEXEC), size

    def mount(self, repository: str, digest: Digest, source: str) -> bool:
        """Give the repository a blob that ``source`` has; False when that has none. Idempotent."""
        try:
            size = self.size(source, digest)
        except Refused:
            return False
        with self._rows.database.transaction(durable=True):
            self._rows.link(repository, str(digest), size, self._now())
        return True

    async def delete(self, repository: str, digest: Digest) -> None:
        """Take a blob from a repository, whoever else has it. Refused (BLOB_UNKNOWN, DENIED)."""
        with self._rows.database.transaction(durable=True):
            was_there = self._rows.unlink(repository, str(digest))
        if was_there:
            await self._keeper.discard([str(digest)])
        elif self._images.has_blob(repository, str(digest)):
            raise Refused(Code.DENIED, "the blob belongs to an image of the engine: remove that instead")
        else:
            raise Refused(Code.BLOB_UNKNOWN, f"blob unknown to repository {repository}", {"digest": str(digest)})
