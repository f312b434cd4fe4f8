"""Sandboxes as rows of the engine's database: one JSON document each."""

import msgspec

from wherry.engine.database import Database
from wherry.engine.sandboxes.model import PodSandbox

SCHEMA = (
    "CREATE TABLE sandboxes (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, document BLOB NOT NULL) WITHOUT ROWID",
)


class Rows:
    """Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("sandboxes", SCHEMA)
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(PodSandbox)

    def all(self) -> list[PodSandbox]:
        return [self._decoder.decode(row[0]) for row in self._database.execute("SELECT document FROM sandboxes")]

    def put(self, sandbox: PodSandbox) -> None:
        """Insert it, or replace what is remembered of it."""
        self._database.execute(
            "INSERT INTO sandboxes VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            sandbox.id,
            sandbox.name,
            self._encoder.encode(sandbox),
        )

    def delete(self, sandbox_id: str) -> None:
        """Idempotent."""
        self._database.execute("DELETE FROM sandboxes WHERE id = ?", sandbox_id)
