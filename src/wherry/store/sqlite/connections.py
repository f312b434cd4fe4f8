"""Connections of one database, with the settings that durability and the search for damage need."""

import os
from pathlib import Path

import apsw

_BUSY_MILLISECONDS = 2000
_CACHE_KIB = {True: 2000, False: 8000}
_PAGE_BYTES = 8192  # values of 2 KiB leave less of these empty than of 4096
_LOG_PAGES = 500  # then they are copied into the database
_LOG_LIMIT_BYTES = 64 << 20


def connect(path: Path, is_reader: bool = False) -> apsw.Connection:
    """Raises apsw's errors, OSError. The first one makes the database; readers cannot write."""
    if not is_reader:
        # For nobody else's eyes, which SQLite cannot be told; its other files have the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(_BUSY_MILLISECONDS)
        # Else every statement that looks for a key is planned anew for each key (https://sqlite.org/queryplanner-ng.html
        # on QPSG): eight times the cost of a look-up.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        for pragma in (
            f"page_size={_PAGE_BYTES}",
            "journal_mode=WAL",
            "synchronous=FULL",  # in WAL mode: each commit waits for the disk
            f"wal_autocheckpoint={_LOG_PAGES}",
            f"journal_size_limit={_LOG_LIMIT_BYTES}",
            f"cache_size=-{_CACHE_KIB[is_reader]}",
            "temp_store=MEMORY",
            "cell_size_check=ON",
            "trusted_schema=OFF",
            *(("query_only=ON",) if is_reader else ()),
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection
