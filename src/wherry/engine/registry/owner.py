"""The repositories as an owner of blobs. Light: an engine that serves no registry still must keep what it has."""

from collections.abc import Iterable

from wherry.engine.registry.rows import RegistryRows


class RegistryOwner:
    """An :class:`wherry.engine.images.owners.Owner`."""

    def __init__(self, rows: RegistryRows) -> None:
        self._rows = rows

    def owns_blob(self, digest: str) -> bool:
        return self._rows.owns(digest)

    def owns_snapshot(self, chain_id: str) -> bool:
        """A registry extracts nothing."""
        return False

    def blobs(self) -> Iterable[str]:
        return self._rows.owned()

    def snapshots(self) -> Iterable[str]:
        return ()
