"""hostPath: something of the machine, if it is what it is said to be (pkg/volume/hostpath)."""

import os
import stat
from pathlib import Path

from wherry.kit.errors import Invalid

_MODE_FILE = 0o644
_MODE_DIRECTORY = 0o755
_CHECKS = {
    "Directory": (stat.S_ISDIR, "a directory"),
    "DirectoryOrCreate": (stat.S_ISDIR, "a directory"),
    "File": (stat.S_ISREG, "a file"),
    "FileOrCreate": (stat.S_ISREG, "a file"),
    "Socket": (stat.S_ISSOCK, "a socket file"),
    "CharDevice": (stat.S_ISCHR, "a character device"),
    "BlockDevice": (stat.S_ISBLK, "a block device"),
}


def check(path: Path, kind: str) -> None:
    """Make it, where the type says so. Raises Invalid when it is something else, or not there and has to be."""
    if kind == "DirectoryOrCreate" and not path.exists():
        path.mkdir(_MODE_DIRECTORY, parents=True, exist_ok=True)
    elif kind == "FileOrCreate" and not path.exists():
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, _MODE_FILE)
        os.close(descriptor)
    if kind not in _CHECKS:
        return
    test, what = _CHECKS[kind]
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = 0
    if not test(mode):
        raise Invalid(f"hostPath type check failed: {path} is not {what}")


def provide(path: Path, kind: str) -> None:
    """The one or the other. Raises Invalid, OSError."""
    if kind:
        check(path, kind)
    else:
        exists_or_make(path)


def exists_or_make(path: Path) -> None:
    """Of a persistent volume, and of a hostPath without a type: runtimes make the directory that is missing."""
    if not path.exists():
        path.mkdir(_MODE_DIRECTORY, parents=True, exist_ok=True)
