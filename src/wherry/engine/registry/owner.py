"""The repositories as an owner of blobs. Light: an engine that serves no registry still must keep what it has."""

from collections.abc import Iterable

from wherry.engine.database import Database
from wherry.engine.registry.schema import MIGRATIONS


class RegistryOwner:
    """An :class:`wherry.engine.images.owners.Owner`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("registry", MIGRATIONS)

    def owns_blob(self, digest: str) -> bool:
        """Whether any repository has this blob or manifest."""
        return bool(
            self._database.execute(
                "SELECT 1 FROM registry_blobs WHERE digest = ?1"
                " UNION ALL SELECT 1 FROM registry_manifests WHERE digest = ?1 LIMIT 1",
                digest,
            )
        )

    def owns_snapshot(self, chain_id: str) -> bool:
        """A registry extracts nothing."""
        return False

    def blobs(self) -> Iterable[str]:
        """The digests of everything the repositories have."""
        found = self._database.execute("SELECT digest FROM registry_blobs UNION SELECT digest FROM registry_manifests")
        return {row[0] for row in found}

    def snapshots(self) -> Iterable[str]:
        return ()
