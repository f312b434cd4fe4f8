"""The registry's tables in the engine's database. See :mod:`wherry.engine.registry.rows`."""

MIGRATIONS = (
    """
    CREATE TABLE registry_blobs (
        repository TEXT NOT NULL,
        digest TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        used_seconds INTEGER NOT NULL,
        PRIMARY KEY (repository, digest)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX registry_blobs_by_digest ON registry_blobs (digest)",
    """
    CREATE TABLE registry_manifests (
        repository TEXT NOT NULL,
        digest TEXT NOT NULL,
        media_type TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        subject TEXT NOT NULL,              -- digest, or empty
        artifact_type TEXT NOT NULL,
        annotations TEXT NOT NULL,          -- a JSON object
        used_seconds INTEGER NOT NULL,
        PRIMARY KEY (repository, digest)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX registry_manifests_by_digest ON registry_manifests (digest)",
    "CREATE INDEX registry_manifests_by_subject ON registry_manifests (repository, subject) WHERE subject <> ''",
    """
    CREATE TABLE registry_members (         -- what a manifest refers to: blobs, or an index's manifests
        repository TEXT NOT NULL,
        manifest TEXT NOT NULL,
        member TEXT NOT NULL,
        PRIMARY KEY (repository, manifest, member),
        FOREIGN KEY (repository, manifest) REFERENCES registry_manifests (repository, digest) ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
    "CREATE INDEX registry_members_by_member ON registry_members (repository, member)",
    """
    CREATE TABLE registry_tags (
        repository TEXT NOT NULL,
        tag TEXT NOT NULL,
        manifest TEXT NOT NULL,
        PRIMARY KEY (repository, tag),
        FOREIGN KEY (repository, manifest) REFERENCES registry_manifests (repository, digest) ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
    "CREATE INDEX registry_tags_by_manifest ON registry_tags (repository, manifest)",
    """
    CREATE TABLE registry_uploads (
        id TEXT PRIMARY KEY,
        repository TEXT NOT NULL,
        used_seconds INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
)
