"""Garbage collection while serving: rows that nothing needs go, and then the blobs that no row names.

What a push under way relies on is never taken: a client asks which blobs are there, sends the others, and pushes the
manifest last. So what was stored or asked for within the grace stays, and so do all blobs of a repository that is
receiving an upload. One transaction a repository: nobody waits for long.
"""

import asyncio
from collections.abc import Sequence

from wherry.engine.database import Database
from wherry.engine.registry.blobs import Shelves
from wherry.engine.registry.model import Collected
from wherry.engine.registry.uploads import Uploads

GRACE_SECONDS = 3600
"""Longer than a push takes from the first blob asked for to the manifest, uploads not counted."""

ABANDONED_SECONDS = 7 * 24 * 3600
"""An upload that nobody went on with (as docker-registry's ``uploadpurging.age``)."""


class Collector:
    """Made for one registry; may run at any time."""

    def __init__(self, shelves: Shelves, uploads: Uploads) -> None:
        self._garbage = Garbage(shelves.rows.database)
        self._rows = shelves.rows
        self._keeper = shelves.keeper
        self._images = shelves.images
        self._now = shelves.now
        self._uploads = uploads

    async def collect(self, grace_seconds: int = GRACE_SECONDS, untagged: bool = False) -> Collected:
        """Let go of blobs that no manifest of their repository needs and of abandoned uploads; with ``untagged`` of
        manifests without a tag too, unless an index contains them or their subject is there."""
        collected = Collected(uploads=self._abandoned())
        for repository in self._garbage.repositories():
            collected += await self._repository(repository, grace_seconds, untagged)
            await asyncio.sleep(0)
        return collected

    def _abandoned(self) -> int:
        found = self._rows.uploads(self._now() - ABANDONED_SECONDS)
        abandoned = [upload for upload in found if not self._uploads.is_busy(upload)]
        for upload in abandoned:
            self._uploads.drop(upload)
        return len(abandoned)

    async def _repository(self, repository: str, grace_seconds: int, untagged: bool) -> Collected:
        since = self._now() - grace_seconds
        if self._uploads.is_receiving(repository) or self._garbage.is_receiving(repository, since):
            return Collected()
        with self._rows.database.transaction():
            manifests = self._drop_manifests(repository, since) if untagged else []
            blobs = self._garbage.drop_blobs(repository, since)
        await self._keeper.discard([*manifests, *blobs])
        return Collected(len(blobs), len(manifests))

    def _drop_manifests(self, repository: str, since: int) -> list[str]:
        """Those that nothing needs, and then those that only these needed. An image of the engine is a subject too."""
        dropped: list[str] = []
        while True:
            found = [
                digest
                for digest, subject in self._garbage.unneeded_manifests(repository, since)
                if not subject or self._images.manifest(repository, subject) is None
            ]
            if not found:
                return dropped
            for digest in found:
                self._rows.delete_manifest(repository, digest)
            dropped += found


class Garbage:
    """Statements on :class:`wherry.engine.registry.rows.RegistryRows`' tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def repositories(self) -> Sequence[str]:
        """Every repository with a manifest or a blob."""
        found = self._database.execute(
            "SELECT repository FROM registry_blobs UNION SELECT repository FROM registry_manifests ORDER BY 1"
        )
        return [row[0] for row in found]

    def is_receiving(self, repository: str, since_seconds: int) -> bool:
        """Whether an upload of the repository was used since then."""
        return bool(
            self._database.execute(
                "SELECT 1 FROM registry_uploads WHERE repository = ? AND used_seconds >= ? LIMIT 1",
                repository,
                since_seconds,
            )
        )

    def drop_blobs(self, repository: str, unused_since_seconds: int) -> list[str]:
        """Let go of the blobs that no manifest of the repository refers to, and nobody used since then."""
        found = self._database.execute(
            "DELETE FROM registry_blobs WHERE repository = ?1 AND used_seconds <= ?2 AND NOT EXISTS"
            " (SELECT 1 FROM registry_members WHERE repository = ?1 AND member = digest) RETURNING digest",
            repository,
            unused_since_seconds,
        )
        return [row[0] for row in found]

    def unneeded_manifests(self, repository: str, unused_since_seconds: int) -> list[tuple[str, str]]:
        """Digest and subject (or empty) of the manifests without a tag that no index contains, and whose subject, if
        any, was not pushed there."""
        found = self._database.execute(
            "SELECT digest, subject FROM registry_manifests AS one WHERE repository = ?1 AND used_seconds <= ?2"
            " AND NOT EXISTS (SELECT 1 FROM registry_tags WHERE repository = ?1 AND manifest = one.digest)"
            " AND NOT EXISTS (SELECT 1 FROM registry_members WHERE repository = ?1 AND member = one.digest)"
            " AND (subject = '' OR NOT EXISTS"
            " (SELECT 1 FROM registry_manifests AS other WHERE other.repository = ?1 AND other.digest = one.subject))",
            repository,
            unused_since_seconds,
        )
        return [(row[0], row[1]) for row in found]
