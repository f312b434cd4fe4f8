"""Who keeps blobs and snapshots besides the image rows: the build cache, a registry's repositories.

Each owner has rows of its own. To let go, it deletes its row first and then offers the names to
:meth:`wherry.engine.images.Images.discard`: they go when no owner is left.
"""

from collections.abc import Iterable
from typing import Protocol

from wherry.engine.images.rows import ImageRows
from wherry.engine.images.sweep import Kind, Name


class Owner(Protocol):
    """Blobs are named by digest, snapshots by chain id; both as ``sha256:…``."""

    def owns_blob(self, digest: str) -> bool: ...
    def owns_snapshot(self, chain_id: str) -> bool: ...
    def blobs(self) -> Iterable[str]:
        """Every blob it owns: asked at start, where what nobody owns is the remains of a crash."""
        ...

    def snapshots(self) -> Iterable[str]: ...


class ImageOwner:
    """The image rows as an owner."""

    def __init__(self, rows: ImageRows) -> None:
        self._rows = rows

    def owns_blob(self, digest: str) -> bool:
        return self._rows.blob_in_use(digest)

    def owns_snapshot(self, chain_id: str) -> bool:
        return self._rows.chain_in_use(chain_id)

    def blobs(self) -> Iterable[str]:
        return self._rows.blobs()

    def snapshots(self) -> Iterable[str]:
        return self._rows.chains()


class Owners:
    """All of them together."""

    def __init__(self, first: Owner) -> None:
        self._owners = [first]

    def add(self, owner: Owner) -> None:
        self._owners.append(owner)

    def wants(self, name: Name) -> bool:
        """Whether anybody owns it."""
        if name.kind is Kind.BLOB:
            return any(owner.owns_blob(name.id) for owner in self._owners)
        return any(owner.owns_snapshot(name.id) for owner in self._owners)

    def blobs(self) -> set[str]:
        return {digest for owner in self._owners for digest in owner.blobs()}

    def snapshots(self) -> set[str]:
        return {chain_id for owner in self._owners for chain_id in owner.snapshots()}
