"""Reading and writing control files with as few system calls as there can be, and errors that name file and value."""

import os
from collections.abc import Iterable
from errno import EINVAL

from wherry.linux.errors import KernelError


def write(directory: str, name: str, value: str | int) -> None:
    """Write one value; KernelError names the file and the value. A control file takes a value in one write(2)."""
    path = f"{directory}/{name}"
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, str(value).encode())
        finally:
            os.close(fd)
    except OSError as error:
        raise KernelError(error.errno or 0, f"write {str(value)!r} to", path) from error


def write_lines(directory: str, name: str, lines: Iterable[str]) -> None:
    """Write several values to a file that takes them one by one, opening it once."""
    path, line = f"{directory}/{name}", ""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            for line in lines:
                os.write(fd, line.encode())
        finally:
            os.close(fd)
    except OSError as error:
        raise KernelError(error.errno or 0, f"write {line!r} to", path) from error


def settle(directory: str, values: Iterable[tuple[str, str | int]]) -> None:
    """Write values that the kernel checks against each other (limit against limit with swap, quota against burst).

    Which order is right depends on the values before: raising needs the one, lowering the other. Instead of reading
    them, what is refused with EINVAL is tried again after the others, as long as that helps.
    """
    waiting = list(values)
    while waiting:
        refused: list[tuple[str, str | int]] = []
        first: KernelError | None = None
        for name, value in waiting:
            try:
                write(directory, name, value)
            except KernelError as error:
                if error.errno != EINVAL:
                    raise
                first = first or error
                refused.append((name, value))
        if first is not None and len(refused) == len(waiting):
            raise first
        waiting = refused


def read(directory: str, name: str) -> str:
    """A whole control file; KernelError names it."""
    path = f"{directory}/{name}"
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            chunks = []
            while chunk := os.read(fd, 65536):
                chunks.append(chunk)
        finally:
            os.close(fd)
    except OSError as error:
        raise KernelError(error.errno or 0, "read", path) from error
    return b"".join(chunks).decode()


def read_or(directory: str, name: str, otherwise: str = "") -> str:
    """A whole control file, or ``otherwise`` where this kernel does not have it or the cgroup is gone."""
    try:
        return read(directory, name)
    except KernelError:
        return otherwise


def number(text: str, otherwise: int = 0) -> int:
    """The number of a single-value file; ``otherwise`` for ``max`` or nothing."""
    text = text.strip()
    return int(text) if text.isdigit() else otherwise


def table(text: str) -> dict[str, int]:
    """A flat keyed file (``key value`` a line; Documentation/admin-guide/cgroup-v2.rst, "Format")."""
    entries = (line.split() for line in text.splitlines())
    return {entry[0]: int(entry[1]) for entry in entries if len(entry) == 2 and entry[1].isdigit()}
