"""The registry's rows in the engine's database: which repository has which blobs, manifests, tags and uploads.

A blob or manifest may be in the content store for many reasons; a repository has it when there is a row here, and only
then (a deleted blob stays gone in its repository whoever else has it, CVE-2026-35172).

``used_seconds`` (since 1970) is when a client last stored a thing or was told that it is there: it may be about to push
a manifest that needs it, so the collector leaves what was used a short while ago.
"""

import json
from contextlib import suppress

from wherry.engine.database import Database
from wherry.engine.registry.model import Described, Referrer, Stored
from wherry.engine.registry.schema import MIGRATIONS
from wherry.kit.errors import Unavailable

TOUCH_SECONDS = 60
"""``used_seconds`` is written again only when it is older: asking whether a blob is there must not be a write each
time. Far less than the collector's grace."""


class RegistryRows:
    """Statements; transactions are the caller's. Lists are sorted by bytes, as Go sorts strings."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.migrate("registry", MIGRATIONS)

    # --- blobs

    def blob(self, repository: str, digest: str) -> int | None:
        """Size in bytes of a repository's blob; None when it has none of that digest."""
        found = self.database.execute(
            "SELECT size_bytes FROM registry_blobs WHERE repository = ? AND digest = ?", repository, digest
        )
        return int(found[0][0]) if found else None

    def link(self, repository: str, digest: str, size_bytes: int, now_seconds: int) -> None:
        """The repository has the blob from now on. Idempotent."""
        self.database.execute(
            "INSERT OR REPLACE INTO registry_blobs VALUES (?, ?, ?, ?)", repository, digest, size_bytes, now_seconds
        )

    def touch_blob(self, repository: str, digest: str, now_seconds: int) -> None:
        with suppress(Unavailable):  # a full disk keeps nobody from reading
            self.database.execute(
                "UPDATE registry_blobs SET used_seconds = ?3"
                " WHERE repository = ?1 AND digest = ?2 AND used_seconds < ?4",
                repository,
                digest,
                now_seconds,
                now_seconds - TOUCH_SECONDS,
            )

    def unlink(self, repository: str, digest: str) -> bool:
        """False when the repository had no such blob."""
        return bool(
            self.database.execute(
                "DELETE FROM registry_blobs WHERE repository = ? AND digest = ? RETURNING 1", repository, digest
            )
        )

    # --- manifests

    def manifest(self, repository: str, digest: str) -> Stored | None:
        found = self.database.execute(
            "SELECT digest, media_type, size_bytes FROM registry_manifests WHERE repository = ? AND digest = ?",
            repository,
            digest,
        )
        return Stored(*found[0]) if found else None

    def tagged(self, repository: str, tag: str) -> Stored | None:
        found = self.database.execute(
            "SELECT digest, media_type, size_bytes FROM registry_tags JOIN registry_manifests USING (repository)"
            " WHERE repository = ? AND tag = ? AND digest = manifest",
            repository,
            tag,
        )
        return Stored(*found[0]) if found else None

    def add_manifest(self, repository: str, described: Described, now_seconds: int) -> None:
        """Add it, or confirm it when it is there."""
        self.database.execute(
            "INSERT INTO registry_manifests VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET media_type = excluded.media_type, used_seconds = excluded.used_seconds",
            repository,
            str(described.digest),
            described.media_type,
            described.size_bytes,
            described.subject,
            described.artifact_type,
            json.dumps(dict(described.annotations)),
            now_seconds,
        )
        for member in {needed.digest for needed in (*described.blobs, *described.manifests)}:
            self.database.execute(
                "INSERT OR IGNORE INTO registry_members VALUES (?, ?, ?)", repository, str(described.digest), member
            )

    def touch_manifest(self, repository: str, digest: str, now_seconds: int) -> None:
        with suppress(Unavailable):  # a full disk keeps nobody from reading
            self.database.execute(
                "UPDATE registry_manifests SET used_seconds = ?3"
                " WHERE repository = ?1 AND digest = ?2 AND used_seconds < ?4",
                repository,
                digest,
                now_seconds,
                now_seconds - TOUCH_SECONDS,
            )

    def delete_manifest(self, repository: str, digest: str) -> bool:
        """With the tags on it; False when the repository had no such manifest."""
        return bool(
            self.database.execute(
                "DELETE FROM registry_manifests WHERE repository = ? AND digest = ? RETURNING 1", repository, digest
            )
        )

    def referrers(self, repository: str, subject: str, artifact_type: str, after: str, limit: int) -> list[Referrer]:
        """Manifests with this subject, those behind digest ``after``; ``artifact_type`` empty: of any."""
        found = self.database.execute(
            "SELECT digest, media_type, size_bytes, artifact_type, annotations FROM registry_manifests"
            " WHERE repository = ?1 AND subject = ?2 AND subject <> '' AND digest > ?4"
            " AND (?3 = '' OR artifact_type = ?3) ORDER BY digest LIMIT ?5",
            repository,
            subject,
            artifact_type,
            after,
            limit,
        )
        return [Referrer(row[0], row[1], row[2], row[3], json.loads(row[4])) for row in found]

    # --- tags and repositories

    def tag(self, repository: str, tag: str, manifest: str) -> None:
        self.database.execute("INSERT OR REPLACE INTO registry_tags VALUES (?, ?, ?)", repository, tag, manifest)

    def untag(self, repository: str, tag: str) -> bool:
        """False when the repository had no such tag."""
        return bool(
            self.database.execute(
                "DELETE FROM registry_tags WHERE repository = ? AND tag = ? RETURNING 1", repository, tag
            )
        )

    def tags(self, repository: str, after: str, limit: int) -> list[str]:
        """At most ``limit`` tags behind ``after``."""
        found = self.database.execute(
            "SELECT tag FROM registry_tags WHERE repository = ? AND tag > ? ORDER BY tag LIMIT ?",
            repository,
            after,
            limit,
        )
        return [row[0] for row in found]

    def has_repository(self, repository: str) -> bool:
        """Whether anything was pushed there and is left."""
        return bool(
            self.database.execute(
                "SELECT 1 FROM registry_manifests WHERE repository = ?1"
                " UNION ALL SELECT 1 FROM registry_blobs WHERE repository = ?1 LIMIT 1",
                repository,
            )
        )

    def repositories(self, after: str, limit: int) -> list[str]:
        """At most ``limit`` repositories with a manifest, behind ``after``. Looks each up in the index: no scan."""
        found = self.database.execute(
            """
            WITH RECURSIVE names (name) AS (
                SELECT MIN(repository) FROM registry_manifests WHERE repository > ?1
                UNION ALL
                SELECT (SELECT MIN(repository) FROM registry_manifests WHERE repository > name)
                FROM names WHERE name IS NOT NULL LIMIT ?2
            )
            SELECT name FROM names WHERE name IS NOT NULL
            """,
            after,
            limit,
        )
        return [row[0] for row in found]

    # --- uploads

    def begin_upload(self, upload: str, repository: str, now_seconds: int) -> None:
        self.database.execute("INSERT INTO registry_uploads VALUES (?, ?, ?)", upload, repository, now_seconds)

    def has_upload(self, repository: str, upload: str) -> bool:
        return bool(
            self.database.execute("SELECT 1 FROM registry_uploads WHERE id = ? AND repository = ?", upload, repository)
        )

    def touch_upload(self, upload: str, now_seconds: int) -> None:
        self.database.execute("UPDATE registry_uploads SET used_seconds = ? WHERE id = ?", now_seconds, upload)

    def end_upload(self, upload: str) -> None:
        self.database.execute("DELETE FROM registry_uploads WHERE id = ?", upload)

    def uploads(self, unused_since_seconds: int | None = None) -> list[str]:
        """Ids of all uploads in progress, or of those not used since then."""
        found = self.database.execute(
            "SELECT id FROM registry_uploads WHERE ?1 IS NULL OR used_seconds < ?1", unused_since_seconds
        )
        return [row[0] for row in found]

    def count_uploads(self) -> int:
        return int(self.database.execute("SELECT COUNT(*) FROM registry_uploads")[0][0])
