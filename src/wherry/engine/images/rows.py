"""The image rows of the engine's database: what exists, what it is called, what it is made of.

A row is written last, when everything it names is on disk: what has no row does not exist
(:meth:`wherry.engine.images.images.Images.recover` removes its remains).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from wherry.engine.database import Database
from wherry.engine.images.model import Layer

MIGRATIONS = (
    """
    CREATE TABLE images (
        id TEXT PRIMARY KEY,                -- sha256:<digest of config>
        config BLOB NOT NULL,
        manifest TEXT NOT NULL,             -- digest of the manifest blob
        manifest_type TEXT NOT NULL,
        manifest_bytes INTEGER NOT NULL,
        created_nanoseconds INTEGER NOT NULL,
        parent TEXT NOT NULL,
        last_tagged_nanoseconds INTEGER NOT NULL,
        removed INTEGER NOT NULL DEFAULT 0  -- 1: removed by force; containers made from it still need its layers
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE image_layers (
        image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        diff_id TEXT NOT NULL,
        chain_id TEXT NOT NULL,
        blob TEXT NOT NULL,
        blob_bytes INTEGER NOT NULL,
        media_type TEXT NOT NULL,
        unpacked_bytes INTEGER NOT NULL,
        PRIMARY KEY (image, position)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX image_layers_by_chain ON image_layers (chain_id)",
    "CREATE INDEX image_layers_by_blob ON image_layers (blob)",
    """
    CREATE TABLE image_references (
        reference TEXT PRIMARY KEY,         -- docker.io/library/demo:1 or docker.io/library/demo@sha256:…
        image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
        is_digest INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX image_references_by_image ON image_references (image)",
)


class ImageRow(msgspec.Struct, frozen=True):
    id: str
    config: bytes
    manifest: str
    manifest_type: str
    manifest_bytes: int
    created_nanoseconds: int
    parent: str
    last_tagged_nanoseconds: int


class LayerRow(msgspec.Struct, frozen=True):
    chain_id: str
    layer: Layer


class ReferenceRow(msgspec.Struct, frozen=True):
    reference: str
    image: str
    is_digest: bool


_IMAGE = "id, config, manifest, manifest_type, manifest_bytes, created_nanoseconds, parent, last_tagged_nanoseconds"


class ImageRows:
    """Statements on the image tables; transactions are the caller's."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.migrate("images", MIGRATIONS)

    def image(self, image: str, removed: bool = False) -> ImageRow | None:
        """The row of an id; ``removed`` finds also what was removed by force and is still in use."""
        rows = self.database.execute(f"SELECT {_IMAGE} FROM images WHERE id = ? AND removed <= ?", image, int(removed))
        return ImageRow(*rows[0]) if rows else None

    def images(self) -> list[ImageRow]:
        return [ImageRow(*row) for row in self.database.execute(f"SELECT {_IMAGE} FROM images WHERE removed = 0")]

    def with_prefix(self, prefix: str) -> list[str]:
        """At most two ids that begin with ``sha256:`` and ``prefix`` (two: it is ambiguous)."""
        found = self.database.execute(
            "SELECT id FROM images WHERE removed = 0 AND id >= ? AND id < ? LIMIT 2",
            f"sha256:{prefix}",
            f"sha256:{prefix}g",  # 'g' sorts after every hexadecimal digit
        )
        return [row[0] for row in found]

    def layers(self, image: str) -> list[LayerRow]:
        """From the lowest up."""
        found = self.database.execute(
            "SELECT chain_id, diff_id, blob, blob_bytes, media_type, unpacked_bytes FROM image_layers"
            " WHERE image = ? ORDER BY position",
            image,
        )
        return [LayerRow(row[0], Layer(*row[1:])) for row in found]

    def all_layers(self) -> dict[str, list[LayerRow]]:
        """Image id → its layers from the lowest up, of every image that has any."""
        found: dict[str, list[LayerRow]] = {}
        rows = self.database.execute(
            "SELECT image, chain_id, diff_id, blob, blob_bytes, media_type, unpacked_bytes FROM image_layers"
            " ORDER BY image, position"
        )
        for image, chain_id, *layer in rows:
            found.setdefault(image, []).append(LayerRow(chain_id, Layer(*layer)))
        return found

    def layer_of_chain(self, chain_id: str) -> Layer | None:
        """How some image, removed ones included, stores the layer that ends this chain."""
        found = self.database.execute(
            "SELECT diff_id, blob, blob_bytes, media_type, unpacked_bytes FROM image_layers WHERE chain_id = ? LIMIT 1",
            chain_id,
        )
        return Layer(*found[0]) if found else None

    def insert(self, row: ImageRow, layers: Sequence[LayerRow]) -> None:
        """Add an image that is not there; one removed by force earlier is there again."""
        self.database.execute("DELETE FROM images WHERE id = ? AND removed = 1", row.id)
        self.database.execute(
            f"INSERT INTO images ({_IMAGE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            row.id,
            row.config,
            row.manifest,
            row.manifest_type,
            row.manifest_bytes,
            row.created_nanoseconds,
            row.parent,
            row.last_tagged_nanoseconds,
        )
        for position, (chain_id, layer) in enumerate((row.chain_id, row.layer) for row in layers):
            self.database.execute(
                "INSERT INTO image_layers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row.id,
                position,
                layer.diff_id,
                chain_id,
                layer.blob,
                layer.blob_bytes,
                layer.media_type,
                layer.unpacked_bytes,
            )

    def delete(self, image: str, keep_layers: bool) -> None:
        """Remove an image; ``keep_layers`` leaves what containers made from it need."""
        self.database.execute("DELETE FROM image_references WHERE image = ?", image)
        if keep_layers:
            self.database.execute("UPDATE images SET removed = 1 WHERE id = ?", image)
        else:
            self.database.execute("DELETE FROM images WHERE id = ?", image)

    def removed(self) -> list[str]:
        """Ids of the images that only containers still need."""
        return [row[0] for row in self.database.execute("SELECT id FROM images WHERE removed = 1")]

    def children(self, image: str) -> list[str]:
        found = self.database.execute("SELECT id FROM images WHERE removed = 0 AND parent = ? ORDER BY id", image)
        return [row[0] for row in found]

    def set_parent(self, image: str, parent: str) -> None:
        self.database.execute("UPDATE images SET parent = ? WHERE id = ?", parent, image)

    def references(self, image: str | None = None) -> list[ReferenceRow]:
        """All references, or those of one image; sorted."""
        if image is None:
            found = self.database.execute("SELECT reference, image, is_digest FROM image_references ORDER BY reference")
        else:
            found = self.database.execute(
                "SELECT reference, image, is_digest FROM image_references WHERE image = ? ORDER BY reference", image
            )
        return [ReferenceRow(reference, owner, bool(digest)) for reference, owner, digest in found]

    def references_with_prefix(self, prefix: str) -> list[ReferenceRow]:
        """The references that begin with ``prefix`` (ASCII, not empty), sorted."""
        found = self.database.execute(
            "SELECT reference, image, is_digest FROM image_references WHERE reference >= ? AND reference < ?"
            " ORDER BY reference",
            prefix,
            prefix[:-1] + chr(ord(prefix[-1]) + 1),
        )
        return [ReferenceRow(reference, owner, bool(digest)) for reference, owner, digest in found]

    def tags_of(self, repository: str) -> list[str]:
        """The tag references of a repository (``docker.io/library/demo``), sorted."""
        found = self.database.execute(
            "SELECT reference FROM image_references WHERE is_digest = 0 AND reference >= ? AND reference < ?"
            " ORDER BY reference",
            f"{repository}:",
            f"{repository};",  # the character after the colon
        )
        return [row[0] for row in found]

    def digest_references_of_blob(self, blob: str) -> list[str]:
        """Digest references of the images that have this layer: names under which registries have it; sorted."""
        found = self.database.execute(
            "SELECT DISTINCT reference FROM image_references JOIN image_layers USING (image)"
            " WHERE is_digest = 1 AND blob = ? ORDER BY reference",
            blob,
        )
        return [row[0] for row in found]

    def resolve(self, reference: str) -> str | None:
        """The image a canonical reference stands for."""
        found = self.database.execute("SELECT image FROM image_references WHERE reference = ?", reference)
        return str(found[0][0]) if found else None

    def refer(self, reference: str, image: str, is_digest: bool, at_nanoseconds: int) -> None:
        """Point a reference at an image, wherever it pointed before."""
        self.database.execute(
            "INSERT OR REPLACE INTO image_references VALUES (?, ?, ?)", reference, image, int(is_digest)
        )
        self.database.execute("UPDATE images SET last_tagged_nanoseconds = ? WHERE id = ?", at_nanoseconds, image)

    def forget(self, reference: str) -> None:
        self.database.execute("DELETE FROM image_references WHERE reference = ?", reference)

    def chain_in_use(self, chain_id: str) -> bool:
        """Whether any image, removed ones included, needs the snapshot."""
        return bool(self.database.execute("SELECT 1 FROM image_layers WHERE chain_id = ? LIMIT 1", chain_id))

    def blob_in_use(self, blob: str) -> bool:
        """Whether any image, removed ones included, owns the blob."""
        return bool(
            self.database.execute(
                "SELECT 1 FROM image_layers WHERE blob = ?1"
                " UNION ALL SELECT 1 FROM images WHERE id = ?1 OR manifest = ?1 LIMIT 1",
                blob,
            )
        )

    def count(self) -> int:
        return int(self.database.execute("SELECT COUNT(*) FROM images WHERE removed = 0")[0][0])

    def layers_size(self) -> int:
        """Unpacked bytes of every layer once."""
        found = self.database.execute(
            "SELECT COALESCE(SUM(size), 0) FROM"
            " (SELECT MAX(unpacked_bytes) AS size FROM image_layers GROUP BY chain_id)"
        )
        return int(found[0][0])

    def shared_bytes(self) -> dict[str, int]:
        """Image id → unpacked bytes of its layers that another image has too; without those that share nothing."""
        found = self.database.execute(
            "SELECT image, SUM(unpacked_bytes) FROM image_layers WHERE chain_id IN"
            " (SELECT chain_id FROM image_layers GROUP BY chain_id HAVING COUNT(DISTINCT image) > 1) GROUP BY image"
        )
        return {image: int(size) for image, size in found}

    def tagged_manifests(self) -> list[dict[str, Any]]:
        """OCI descriptors of the manifests that have a tag, one a tag, named as containerd and skopeo look for it."""
        found = self.database.execute(
            "SELECT reference, manifest, manifest_type, manifest_bytes FROM image_references"
            " JOIN images ON images.id = image WHERE is_digest = 0 ORDER BY reference"
        )
        return [
            {
                "mediaType": media_type,
                "digest": manifest,
                "size": size,
                "annotations": {
                    "io.containerd.image.name": reference,
                    "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
                },
            }
            for reference, manifest, media_type, size in found
        ]

    def chains(self) -> set[str]:
        return {row[0] for row in self.database.execute("SELECT DISTINCT chain_id FROM image_layers")}

    def blobs(self) -> set[str]:
        """Digests of everything the rows own in the content store."""
        found = self.database.execute(
            "SELECT blob FROM image_layers UNION SELECT id FROM images UNION SELECT manifest FROM images"
        )
        return {row[0] for row in found}
