"""SQLite's errors, understood."""

import errno

import apsw
import pytest

from wherry.kit.errors import Unavailable, WherryError
from wherry.store.model import Corrupt
from wherry.store.sqlite.faults import translated, understood


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (apsw.FullError("database or disk is full"), Unavailable, "no space left on the disk of /s"),
        (OSError(errno.ENOSPC, "No space"), Unavailable, "no space left on the disk of /s"),
        (OSError(errno.EDQUOT, "Quota"), Unavailable, "no space left on the disk of /s"),
        (OSError(errno.EROFS, "Read-only file system"), Unavailable, "the disk of /s failed: Read-only file system"),
        (apsw.IOError("disk I/O error"), Unavailable, "the disk of /s failed: disk I/O error"),
        (apsw.CantOpenError("unable to open"), Unavailable, "cannot open /s: unable to open"),
        (apsw.BusyError("database is locked"), Unavailable, "in use by another process"),
        (apsw.CorruptError("malformed"), Corrupt, "/s is damaged (malformed); restore a backup"),
        (apsw.NotADBError("no database"), Corrupt, "restore a backup"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), Corrupt, "restore a backup"),
    ],
)
def test_an_error_says_what_it_means_and_what_to_do(error: Exception, kind: type[WherryError], text: str) -> None:
    found = understood(error, "/s")
    assert type(found) is kind
    assert text in str(found)
    with pytest.raises(kind), translated("/s"):
        raise error


def test_others_stay_what_they_are() -> None:
    error = ZeroDivisionError()
    assert understood(error, "/s") is error
    with pytest.raises(ZeroDivisionError), translated("/s"):
        raise error


def test_the_first_error_is_told_not_that_nothing_was_left_to_undo() -> None:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE things (a UNIQUE ON CONFLICT ROLLBACK); INSERT INTO things VALUES (1)")
    with pytest.raises(Unavailable, match="UNIQUE constraint failed"), translated("/s"), connection:
        connection.execute("INSERT INTO things VALUES (1)")


def test_a_failed_call_is_named() -> None:
    error = apsw.IOError("disk I/O error")
    error.extendedresult = apsw.SQLITE_IOERR_FSYNC
    assert str(understood(error, "/s")) == "the disk of /s failed: disk I/O error (SQLITE_IOERR_FSYNC)"
