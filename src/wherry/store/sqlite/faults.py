"""SQLite's errors in the words of the store's users."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from wherry.kit.errors import Unavailable
from wherry.store.model import Corrupt

_FULL = (errno.ENOSPC, errno.EDQUOT)


def understood(error: Exception, path: str) -> Exception:
    """What an error of apsw or the system means to who uses the store; any other as it is."""
    if not isinstance(error, (apsw.Error, UnicodeDecodeError, OSError)):
        return error
    if isinstance(error, apsw.FullError) or (isinstance(error, OSError) and error.errno in _FULL):
        return Unavailable(f"no space left on the disk of {path}: make room, and writing goes on by itself")
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, UnicodeDecodeError)):
        return Corrupt(f"{path} is damaged ({error}); restore a backup")
    if isinstance(error, (apsw.CantOpenError, apsw.PermissionsError, apsw.ReadOnlyError, apsw.AuthError)):
        return Unavailable(f"cannot open {path}: {error}")
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return Unavailable(f"{path} is in use by another process")
    return Unavailable(f"the disk of {path} failed: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    name = apsw.mapping_extended_result_codes.get(getattr(error, "extendedresult", 0))  # says which call it was
    return f"{error} ({name})" if name else str(error)


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Raises Unavailable or Corrupt in place of what apsw or the system raises inside."""
    try:
        yield
    except (apsw.Error, UnicodeDecodeError, OSError) as error:
        # Some errors end a transaction by themselves, so that apsw finds none to undo and says that.
        first = error.__context__ if isinstance(error.__context__, apsw.Error) else error
        raise understood(first, path) from error
