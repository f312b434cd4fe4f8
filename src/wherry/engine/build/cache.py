"""The build cache: what a step made, by the digest of everything that went into it.

A key says what the step does and what it does it to, by content: the chain id of the layers below, the digests of the
files that are copied, the command and its environment. So a step is found again in another project, by another name,
after the context moved; and never because a pulled image looks alike (CVE-2024-24557): only what was built here has a
row.

A row owns its layer's blob and its snapshots. Until the files are known to be on the disk the row carries the id of the
running kernel: after a power loss such rows are dropped.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from wherry.engine.database import Database

VERSION = 1
"""Part of every key: change it when the same inputs would give another layer."""

MIGRATIONS = (
    """
    CREATE TABLE build_layers (
        key TEXT PRIMARY KEY,
        chain_id TEXT NOT NULL,
        diff_id TEXT NOT NULL,
        blob TEXT NOT NULL,
        blob_bytes INTEGER NOT NULL,
        unpacked_bytes INTEGER NOT NULL,
        description TEXT NOT NULL,
        created_nanoseconds INTEGER NOT NULL,
        used_nanoseconds INTEGER NOT NULL,
        uses INTEGER NOT NULL DEFAULT 0,
        boot TEXT                            -- NULL: durably on the disk
    ) WITHOUT ROWID
    """,
    "CREATE INDEX build_layers_by_chain ON build_layers (chain_id)",
    "CREATE INDEX build_layers_by_blob ON build_layers (blob)",
    "CREATE TABLE build_facts (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
)
_LAYER = "chain_id, diff_id, blob, blob_bytes, unpacked_bytes"
_COLUMNS = f"key, {_LAYER}, description, created_nanoseconds, used_nanoseconds, uses"


class CachedLayer(msgspec.Struct, frozen=True):
    """A layer on a chain: ``chain_id`` is the chain that it ends. Bytes of the blob, and of the files in it."""

    chain_id: str
    diff_id: str
    blob: str
    blob_bytes: int
    unpacked_bytes: int


class Record(msgspec.Struct, frozen=True):
    """A row, for ``docker system df`` and prune. Times are nanoseconds since 1970."""

    key: str
    layer: CachedLayer
    description: str
    created: int
    used: int
    uses: int


def key(kind: str, *inputs: object) -> str:
    """The digest of a step and its inputs: strings, numbers, None, and sequences of them."""
    return hashlib.sha256(msgspec.json.encode([VERSION, kind, inputs])).hexdigest()


def boot_id() -> str:
    """Changes with every start of the kernel (random(4))."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


class BuildCache:
    """Rows; an Owner of blobs and snapshots (``engine.images.owners``). ``now`` is in nanoseconds since 1970."""

    def __init__(
        self, database: Database, now: Callable[[], int] = time.time_ns, boot: Callable[[], str] = boot_id
    ) -> None:
        self._database = database
        self._now = now
        self._boot = boot()
        database.migrate("build", MIGRATIONS)
        # What was not known to be on the disk when the machine stopped may not be there.
        database.execute("DELETE FROM build_layers WHERE boot IS NOT NULL AND boot != ?", self._boot)

    # Steps

    def find(self, step_key: str) -> CachedLayer | None:
        """What the step made before; counts as a use."""
        rows = self._database.execute(f"SELECT {_LAYER} FROM build_layers WHERE key = ?", step_key)
        if not rows:
            return None
        self._database.execute(
            "UPDATE build_layers SET uses = uses + 1, used_nanoseconds = ? WHERE key = ?", self._now(), step_key
        )
        return CachedLayer(*rows[0])

    def put(self, step_key: str, layer: CachedLayer, description: str) -> None:
        """Remember what a step made; its files need not be on the disk yet (:meth:`settled`)."""
        now = self._now()
        self._database.execute(
            "INSERT OR REPLACE INTO build_layers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
            step_key,
            layer.chain_id,
            layer.diff_id,
            layer.blob,
            layer.blob_bytes,
            layer.unpacked_bytes,
            description,
            now,
            now,
            self._boot,
        )

    def forget(self, keys: Iterable[str]) -> None:
        """Delete rows; the caller then lets the images discard what they owned."""
        with self._database.transaction():
            for one in keys:
                self._database.execute("DELETE FROM build_layers WHERE key = ?", one)

    @property
    def is_settled(self) -> bool:
        """Whether everything is known to be on the disk."""
        return not self._database.execute("SELECT 1 FROM build_layers WHERE boot IS NOT NULL LIMIT 1")

    def settled(self) -> None:
        """Everything put so far is on the disk (the caller has seen to it)."""
        self._database.execute("UPDATE build_layers SET boot = NULL WHERE boot IS NOT NULL")

    # Facts: small things that are expensive to find out again, and never wrong

    def fact(self, fact_key: str) -> bytes | None:
        rows = self._database.execute("SELECT value FROM build_facts WHERE key = ?", fact_key)
        return bytes(rows[0][0]) if rows else None

    def put_fact(self, fact_key: str, value: bytes) -> None:
        self._database.execute("INSERT OR REPLACE INTO build_facts VALUES (?, ?)", fact_key, value)

    def forget_facts(self) -> None:
        self._database.execute("DELETE FROM build_facts")

    # Ownership

    def records(self) -> Sequence[Record]:
        """All rows, the least recently used first."""
        rows = self._database.execute(f"SELECT {_COLUMNS} FROM build_layers ORDER BY used_nanoseconds")
        return [Record(row[0], CachedLayer(*row[1:6]), *row[6:]) for row in rows]

    def owns_blob(self, digest: str) -> bool:
        return bool(self._database.execute("SELECT 1 FROM build_layers WHERE blob = ? LIMIT 1", digest))

    def owns_snapshot(self, chain_id: str) -> bool:
        return bool(self._database.execute("SELECT 1 FROM build_layers WHERE chain_id = ? LIMIT 1", chain_id))

    def blobs(self) -> Iterable[str]:
        return [row[0] for row in self._database.execute("SELECT DISTINCT blob FROM build_layers")]

    def snapshots(self) -> Iterable[str]:
        return [row[0] for row in self._database.execute("SELECT DISTINCT chain_id FROM build_layers")]
