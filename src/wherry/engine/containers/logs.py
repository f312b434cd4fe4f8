"""Read a container's log: the CRI-format file its shim writes, with the rotated ones before it."""

import asyncio
import calendar
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from wherry.engine.containers.changes import Look
from wherry.engine.containers.logfiles import Files

_LONGEST = 1 << 20  # bytes of a line that are put together
_BATCH = 256  # lines between two looks at what else there is to do


class LogOptions(msgspec.Struct, frozen=True):
    """``tail`` None: all. ``since`` and ``until`` inclusive, nanoseconds since 1970; 0: none."""

    follow: bool = False
    stdout: bool = True
    stderr: bool = True
    since_nanoseconds: int = 0
    until_nanoseconds: int = 0
    timestamps: bool = False
    tail: int | None = None

    def wants(self, line: "LogLine") -> bool:
        if not (self.stdout if line.stream == "stdout" else self.stderr):
            return False
        if line.time_nanoseconds < self.since_nanoseconds:
            return False
        return not 0 < self.until_nanoseconds < line.time_nanoseconds


class LogLine(msgspec.Struct, frozen=True):
    """A line, with its newline if the program wrote one."""

    stream: str
    time_nanoseconds: int
    data: bytes

    @property
    def is_whole(self) -> bool:
        return self.data.endswith(b"\n")


class Parser:
    """Reads lines of the file; the seconds of a timestamp are read once for all lines of a second."""

    def __init__(self) -> None:
        self._text = b""
        self._seconds = 0

    def parse(self, raw: bytes) -> LogLine | None:
        """None for what is no line of a log: one that a full disk has cut."""
        parts = raw.split(b" ", 3)
        if len(parts) != 4 or parts[2] not in (b"F", b"P") or parts[1] not in (b"stdout", b"stderr"):
            return None
        try:
            when = self._nanoseconds(parts[0])
        except ValueError:
            return None
        return LogLine(parts[1].decode(), when, parts[3] + b"\n" if parts[2] == b"F" else parts[3])

    def _nanoseconds(self, text: bytes) -> int:
        if text[:19] != self._text:
            self._seconds = calendar.timegm(time.strptime(text[:19].decode(), "%Y-%m-%dT%H:%M:%S"))
            self._text = text[:19]
        return self._seconds * 1_000_000_000 + int(text[20:29])


class Stitcher:
    """Puts the parts of long lines together again; each stream has its own."""

    def __init__(self) -> None:
        self._parts: dict[str, LogLine] = {}

    def add(self, line: LogLine) -> LogLine | None:
        """The line that is complete with this one, if any; it has the time of its first part."""
        first = self._parts.pop(line.stream, None)
        if first is not None:
            line = replace(first, data=first.data + line.data)
        if line.is_whole or len(line.data) >= _LONGEST:
            return line
        self._parts[line.stream] = line
        return None

    def rest(self) -> list[LogLine]:
        """Lines without an end, when nothing more comes."""
        parts, self._parts = self._parts, {}
        return sorted(parts.values(), key=lambda line: line.time_nanoseconds)


def last(lines: Iterable[LogLine], count: int) -> list[LogLine]:
    """The last ``count`` lines of ``lines``, which come the newest first; parts of a line count as one."""
    found: deque[LogLine] = deque()
    taken: set[str] = set()
    number = 0
    for line in lines:
        if line.is_whole or line.stream not in taken:
            if number == count:
                break
            number += 1
            taken.add(line.stream)
        found.appendleft(line)
    return list(found)


def stored(files: Files, options: LogOptions) -> Iterator[LogLine]:
    """What is in the files, by the options, unstitched."""
    parser = Parser()
    if options.tail is None:
        parsed = (parser.parse(raw) for raw in files.forwards())
        yield from (line for line in parsed if line is not None and options.wants(line))
    else:
        backwards = (parser.parse(raw) for raw in files.backwards())
        yield from last((line for line in backwards if line is not None and options.wants(line)), options.tail)


async def read(path: Path, options: LogOptions) -> AsyncIterator[LogLine]:
    """The stored lines. Other work goes on between batches of them."""
    stitcher = Stitcher()
    with Files(path) as files:
        async for line in _gently(stored(files, options)):
            if (whole := stitcher.add(line)) is not None:
                yield whole
    for line in stitcher.rest():
        yield line


async def follow(path: Path, options: LogOptions, look: Look, is_active: Callable[[], bool]) -> AsyncIterator[LogLine]:
    """The stored lines, then what comes until the container has ended. ``look`` tells when there may be more."""
    stitcher = Stitcher()
    parser = Parser()
    with Files(path) as files:
        async for line in _gently(stored(files, options)):
            if (whole := stitcher.add(line)) is not None:
                yield whole
        while True:
            more = is_active()  # asked first: what was written before the end is read after it
            parsed = (parser.parse(raw) for raw in files.new_lines())
            async for line in _gently(line for line in parsed if line is not None and options.wants(line)):
                if (whole := stitcher.add(line)) is not None:
                    yield whole
            if not more or 0 < options.until_nanoseconds < time.time_ns():
                break
            await look.changed()
    for line in stitcher.rest():
        yield line


async def _gently(lines: Iterable[LogLine]) -> AsyncIterator[LogLine]:
    for number, line in enumerate(lines):
        if number % _BATCH == _BATCH - 1:
            await asyncio.sleep(0)
        yield line
