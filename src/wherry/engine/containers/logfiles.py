"""The files of a rotated log, read as one: forwards, backwards, and on as it grows.

The writer renames ``path`` to ``path.1`` (and that to ``path.2`` …) and begins a new ``path``.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

_BLOCK = 65536
_TRIES = 10


class _File(msgspec.Struct):
    """An opened file; ``size`` is how much of it was there when it was opened, ``place`` where reading on begins."""

    fd: int
    inode: int
    size: int
    place: int


class Files:
    """All files of a log as they are now, the oldest first. ``with`` closes them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = self._open_all()
        self._rest = b""

    def __enter__(self) -> "Files":
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            os.close(file.fd)
        self._files = []

    def forwards(self) -> Iterator[bytes]:
        """Every line that is there, without its newline."""
        for file in self._files:
            rest = b""
            for place in range(0, file.size, _BLOCK):
                block = os.pread(file.fd, min(_BLOCK, file.size - place), place)
                *lines, rest = (rest + block).split(b"\n")
                yield from lines
            file.place = file.size - len(rest)

    def backwards(self) -> Iterator[bytes]:
        """The same lines, the last first."""
        for file in reversed(self._files):
            yield from _backwards(file)

    def new_lines(self) -> Iterator[bytes]:
        """Lines that came since they were last read; across rotations, unless those were too many."""
        if not self._files:
            self._files = self._open_all()
            yield from self.forwards()
        while self._files:
            current = self._files[-1]
            is_rotated = self._is_rotated(current)  # asked first: then nothing more is written to it
            yield from self._read_on(current)
            if not is_rotated or not self._advance(current):
                return

    def _read_on(self, file: _File) -> Iterator[bytes]:
        if os.fstat(file.fd).st_size < file.place:  # a log of one file is cut instead of renamed
            file.place, self._rest = 0, b""
        while block := os.pread(file.fd, _BLOCK, file.place):
            file.place += len(block)
            *lines, self._rest = (self._rest + block).split(b"\n")
            yield from lines

    def _is_rotated(self, file: _File) -> bool:
        try:
            return os.stat(self._path).st_ino != file.inode
        except FileNotFoundError:
            return False

    def _advance(self, current: _File) -> bool:
        """To the file after ours, or to the oldest when ours is gone."""
        files = self._open_all()
        inodes = [file.inode for file in files]
        index = inodes.index(current.inode) + 1 if current.inode in inodes else 0
        chosen = files[index : index + 1]
        for file in (*self._files, *files[:index], *files[index + 1 :]):
            os.close(file.fd)
        for file in chosen:
            file.place = 0
        self._files, self._rest = chosen, b""
        return bool(chosen)

    def _open_all(self) -> list[_File]:
        """Open every file, once more when they were rotated meanwhile."""
        for _ in range(_TRIES):
            names = [f"{self._path}.{number}" for number in self._numbers()] + [str(self._path)]
            files = [file for name in names if (file := _open(name)) is not None]
            if len({file.inode for file in files}) == len(files) and self._is_current(files):
                return files
            for file in files:
                os.close(file.fd)
        return []

    def _is_current(self, files: list[_File]) -> bool:
        try:
            return bool(files) and os.stat(self._path).st_ino == files[-1].inode
        except FileNotFoundError:
            return not files

    def _numbers(self) -> list[int]:
        """Of the rotated files, the oldest (highest) first."""
        suffixes = [one.name[len(self._path.name) + 1 :] for one in self._path.parent.glob(f"{self._path.name}.*")]
        return sorted((int(suffix) for suffix in suffixes if suffix.isdigit()), reverse=True)


def _backwards(file: _File) -> Iterator[bytes]:
    """Half a line at the end, written while we look, is left to be read with its other half."""
    rest = b""
    is_cut = False
    for end in range(file.size, 0, -_BLOCK):
        start = max(0, end - _BLOCK)
        data = os.pread(file.fd, end - start, start) + rest
        if not is_cut:
            newline = data.rfind(b"\n")
            if newline < 0:
                rest = data
                continue
            file.place = file.size - (len(data) - newline - 1)
            data, is_cut = data[:newline], True
        rest, *lines = data.split(b"\n")
        yield from reversed(lines)
    if is_cut:
        yield rest
    else:
        file.place = file.size - len(rest)


def _open(name: str) -> _File | None:
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    status = os.fstat(fd)
    return _File(fd, status.st_ino, status.st_size, status.st_size)
