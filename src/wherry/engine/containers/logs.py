"""Read a container's log: the CRI-format file its shim writes, with the rotated ones before it."""

import asyncio
import calendar
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class LogOptions:
    """``tail`` None: all. ``since`` inclusive, ``until`` inclusive, nanoseconds; 0 none."""

    follow: bool = False
    stdout: bool = True
    stderr: bool = True
    since_nanoseconds: int = 0
    until_nanoseconds: int = 0
    timestamps: bool = False
    tail: int | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line, or the last part of one that has no end yet; ``data`` includes the newline that was written."""

    stream: str
    time_nanoseconds: int
    data: bytes


def parse(raw: bytes) -> LogLine | None:
    """One line of the file; None for what is none (a line that a full disk has cut)."""
    parts = raw.split(b" ", 3)
    if len(parts) != 4 or parts[2] not in (b"F", b"P"):
        return None
    when = _nanoseconds(parts[0])
    if when is None:
        return None
    return LogLine(parts[1].decode(), when, parts[3] + (b"\n" if parts[2] == b"F" else b""))


def _nanoseconds(text: bytes) -> int | None:
    try:
        seconds = calendar.timegm(time.strptime(text[:19].decode(), "%Y-%m-%dT%H:%M:%S"))
        return seconds * 1_000_000_000 + int(text[20:29])
    except ValueError:
        return None


def files(path: Path) -> list[Path]:
    """The log's files, the oldest first."""
    rotated = sorted(path.parent.glob(path.name + ".*"), key=lambda one: -int(one.suffix[1:] or 0))
    return [*rotated, *([path] if path.exists() else [])]


def stored(path: Path, options: LogOptions) -> Iterator[LogLine]:
    """What is in the files now, by the options; ``tail`` counts lines of the wanted streams."""
    wanted = {name for name, want in (("stdout", options.stdout), ("stderr", options.stderr)) if want}

    def lines() -> Iterator[LogLine]:
        for file in files(path):
            with file.open("rb") as opened:
                for raw in opened:
                    line = parse(raw.rstrip(b"\n"))
                    if line and line.stream in wanted and _within(line, options):
                        yield line

    if options.tail is None:
        yield from lines()
    elif options.tail > 0:
        yield from deque(lines(), maxlen=options.tail)


def _within(line: LogLine, options: LogOptions) -> bool:
    if options.since_nanoseconds and line.time_nanoseconds < options.since_nanoseconds:
        return False
    return not (options.until_nanoseconds and line.time_nanoseconds > options.until_nanoseconds)


class Follower:
    """Reads on where a file ends, across rotation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb") if path.exists() else None
        self._rest = b""

    def skip_to_end(self) -> None:
        if self._file:
            self._file.seek(0, 2)

    def read(self) -> list[LogLine]:
        """The whole lines that have come since."""
        data = self._rest
        if self._file is None and self._path.exists():
            self._file = self._path.open("rb")
        if self._file:
            data += self._file.read()
            if self._is_rotated():
                self._file.close()
                self._file = self._path.open("rb")
                data += self._file.read()
        *raw, self._rest = data.split(b"\n")
        return [line for line in map(parse, raw) if line]

    def _is_rotated(self) -> bool:
        import os

        try:
            return self._file is not None and os.fstat(self._file.fileno()).st_ino != self._path.stat().st_ino
        except FileNotFoundError:
            return False

    def close(self) -> None:
        if self._file:
            self._file.close()


async def read(path: Path, options: LogOptions, running: Callable[[], bool]) -> AsyncIterator[LogLine]:
    """The stored lines, then, when following, what comes until the container has ended."""
    wanted = {name for name, want in (("stdout", options.stdout), ("stderr", options.stderr)) if want}
    follower = Follower(path)
    try:
        follower.skip_to_end() if options.follow else None
        for line in stored(path, options):
            yield line
        while options.follow:
            alive = running()
            for line in follower.read():
                if line.stream in wanted and _within(line, options):
                    yield line
            if not alive or (options.until_nanoseconds and time.time_ns() > options.until_nanoseconds):
                return
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        follower.close()
