"""Copies of a store: of one state, while it is used, by any process; and a store made of such a copy.

A copy is one SQLite database. What a store that is made of it does not know is which revisions were given after the
copy: so it begins a great deal later, and everything before counts as compacted, so that whoever remembers a revision
of then is told to read anew (etcd's way: ``etcdutl snapshot restore --bump-revision 1000000000 --mark-compacted``,
https://etcd.io/docs/v3.6/op-guide/recovery/).
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from wherry.kit.errors import AlreadyExists, NotFound
from wherry.store.model import Corrupt
from wherry.store.sqlite import guard
from wherry.store.sqlite.faults import translated
from wherry.store.sqlite.integrity import check
from wherry.store.sqlite.schema import State, migrate, read_state, version_of, write_state

REVISIONS_SKIPPED = 1_000_000_000
"""More than a store can have given between a copy and its end: a day of more commits than it can do."""
_FORGET_ALL = """
    DELETE FROM contents WHERE place IN (SELECT previous FROM events); DELETE FROM events; VACUUM"""


def backup(source: Path, target: Path) -> int:
    """Copy a store as it is at one moment; returns that revision. Blocks, for about a second a gigabyte.

    The copy appears under its name when it is whole, checked and on the disk. Raises NotFound, AlreadyExists (target),
    Corrupt, Unsupported, Unavailable (no space).
    """
    acknowledged = guard.acknowledged(source)
    with _placed(target) as partial:
        state = _copy(source, partial)
        if state.revision < acknowledged:
            raise Corrupt(f"{source} has lost its commits from revision {state.revision + 1} to {acknowledged}")
    return state.revision


def restore(source: Path, target: Path) -> int:
    """Make a store of a copy, of which no process may be using ``target``; returns the new store's revision.

    That is :data:`REVISIONS_SKIPPED` after the copy's; there is no history before it. Times of leases begin anew.
    Raises as :func:`backup`.
    """
    for path in (target, *(target.with_name(target.name + suffix) for suffix in ("-wal", "-shm", "-guard"))):
        if path.exists():
            raise AlreadyExists(f"there is {path}; move it away, to restore a store to its place")
    with _placed(target) as partial:
        revision = _copy(source, partial).revision + REVISIONS_SKIPPED
        with closing(apsw.Connection(str(partial))) as connection:
            write_state(connection, State(revision, revision))
            connection.execute(_FORGET_ALL)
            check(connection)
    return revision


def _copy(source: Path, target: Path) -> State:
    if not source.is_file():
        raise NotFound(f"there is no file {source}")
    # Not read-only: SQLite has to take part in the locking, and to read a log that a crash left.
    with closing(apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        if not version_of(connection):
            raise Corrupt(f"{source} is empty")
        connection.execute("VACUUM INTO ?", (str(target),))
    with closing(apsw.Connection(str(target))) as connection:
        migrate(connection)
        check(connection)
        return read_state(connection)


@contextmanager
def _placed(target: Path) -> Iterator[Path]:
    """A path to make a file at, which is then put in its place, on the disk and all at once; or nothing is left."""
    if target.exists():
        raise AlreadyExists(f"there is {target} already")
    if not target.parent.is_dir():
        raise NotFound(f"there is no directory {target.parent}")
    with translated(str(target)), tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        partial = Path(scratch, target.name)
        yield partial
        partial.chmod(0o600)
        _sync(partial)
        try:
            os.link(partial, target)  # which replaces nothing
        except FileExistsError as error:
            raise AlreadyExists(f"there is {target} already") from error
        _sync(target.parent)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
