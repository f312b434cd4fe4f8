"""A store in one SQLite database: the default, for a cluster whose state one machine keeps.

What it is not: a store that two processes may have open, or that is on several machines.

On disk, beside each other::

    NAME                 the database, and SQLite's NAME-wal and NAME-shm
    NAME-reserve         room on the disk, given to the database when there is no more (``reserve.py``)
    NAME-guard           locked while a process has the store open; says the newest revision that was acknowledged

In the database (``schema.py``), a **place** is a revision and the number of an operation in its commit:

* ``contents``: place → key, when it was created, lease, value; never changed, only added and forgotten.
* ``events``: place → key, and the place of the content before. An event without a content of its place is a deletion.
* ``items``: key → place of its content: the current state.
* ``state``: the newest and the compacted revision. ``leases``: their lengths.

Invariants: contents are those of items, and those that a remaining event names as previous. Every row is checked by a
checksum, its own or that of the content it names: a bit that has changed is found when the store is opened
(``integrity.py``), and what is read is compared again.

How it writes (``writer.py``): all commits that wait become one SQLite transaction, each with its own revision; its
statements, which touch memory only, run on the event loop; the COMMIT, which waits for the disk, on a thread. The
older state that a reader asks for is the current one without the events since (``reader.py``).
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherry.store.sqlite.store import SqliteStore


def open_store(path: Path) -> "SqliteStore":
    """Open the store, or make it; on the event loop that is to use it, and blocking it meanwhile.

    Raises Unavailable: another process has it open, its directory is not there or the disk full; Corrupt; Unsupported:
    a newer Wherry made it.
    """
    from wherry.store.sqlite.store import SqliteStore  # which needs apsw

    return SqliteStore(path)
