"""The engine's metadata: one SQLite file, one connection that writes and checkpoints.

apsw bundles a current SQLite; Debian 12's own (3.40) can corrupt a WAL (https://sqlite.org/wal.html#walresetbug).
A commit is durable against the end of any process at once. Against power loss, ``durable=True`` transactions are
(synchronous=FULL); the others are consistent and may lose the last moments (synchronous=NORMAL).
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from wherry.kit.errors import Unavailable

_FULL = "database or disk is full: no space left on device"

Value = None | int | float | str | bytes


class Database:
    """Rows of every engine package; each package owns its tables and creates them with :meth:`migrate`."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._connection = apsw.Connection(str(path))
        self._connection.set_busy_timeout(5000)
        self._connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)  # statements are not planned anew for each key
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (component TEXT PRIMARY KEY, version INTEGER NOT NULL)"
        )

    def migrate(self, component: str, steps: Sequence[str]) -> None:
        """Bring a component's tables up to date; ``steps[i]`` takes version i to i + 1 and is applied once."""
        with self.transaction():
            row = self.execute("SELECT version FROM migrations WHERE component = ?", component)
            version = int(row[0][0]) if row else 0
            if version > len(steps):
                raise RuntimeError(
                    f"{component} has version {version}, made by a newer Wherry (this knows {len(steps)})"
                )
            for step in steps[version:]:
                self._connection.execute(step)
            self.execute("INSERT OR REPLACE INTO migrations VALUES (?, ?)", component, len(steps))

    def execute(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows; outside :meth:`transaction` it commits by itself.

        Raises Unavailable when the disk is full.
        """
        with self._lock:
            try:
                return list(self._connection.execute(sql, values))
            except apsw.FullError as error:
                raise Unavailable(_FULL) from error

    @contextmanager
    def transaction(self, durable: bool = False) -> Iterator[None]:
        """All statements inside take effect together or not at all; nests. Raises Unavailable when the disk is full."""
        with self._lock:
            if durable:
                self._connection.execute("PRAGMA synchronous=FULL")
            try:
                with self._connection:
                    yield
            except apsw.Error as error:
                # SQLite has undone the transaction by itself then, so that apsw finds none to undo.
                if isinstance(error, apsw.FullError) or isinstance(error.__context__, Unavailable):
                    raise Unavailable(_FULL) from error
                raise
            finally:
                if durable:
                    self._connection.execute("PRAGMA synchronous=NORMAL")

    def close(self) -> None:
        with self._lock:
            self._connection.close()
