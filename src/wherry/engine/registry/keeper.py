"""Who deletes blobs that nobody owns: beside an engine its images do, a registry alone does it itself."""

from collections.abc import Iterable
from typing import Protocol

from wherry.engine.content import ContentStore
from wherry.engine.images.owners import Owner, Owners
from wherry.engine.images.sweep import Kind, Name, Sweeper, Work
from wherry.oci.digest import Digest


class Keeper(Protocol):
    """Met by :class:`wherry.engine.images.Images` and by :class:`Alone`."""

    def work(self) -> Work:
        """An operation that adds: while it lasts nothing is deleted, and what it added without a row goes at its
        end."""
        ...

    async def discard(self, blobs: Iterable[str] = ()) -> None:
        """Delete what of these nobody owns."""
        ...


class Alone:
    """A content store that one owner has for itself."""

    def __init__(self, owner: Owner, content: ContentStore) -> None:
        self._owner = owner
        self._content = content
        self._sweeper = Sweeper(Owners(owner).wants, self._delete)

    def _delete(self, name: Name) -> None:
        self._content.delete(Digest.parse(name.id))

    def work(self) -> Work:
        return self._sweeper.work()

    async def discard(self, blobs: Iterable[str] = ()) -> None:
        await self._sweeper.discard(Name(Kind.BLOB, digest) for digest in blobs)

    def recover(self) -> None:
        """At start: remove what a crash left without a row. Blocks."""
        self._content.recover()
        self._content.gc(Digest.parse(digest) for digest in self._owner.blobs())
