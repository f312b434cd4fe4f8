"""A container's log in the CRI format, rotated by whoever writes it.

``<RFC 3339 time, nanoseconds, UTC> <stdout|stderr> <F|P> <text>``: F ends a line, P is a part of a long one
(https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md).
"""

import os
import time

MAX_LINE = 16384  # as Docker's and containerd's loggers


def timestamp(nanoseconds: int) -> bytes:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    year, month, day, hour, minute, second, *_ = time.gmtime(seconds)
    return b"%04d-%02d-%02dT%02d:%02d:%02d.%09dZ" % (year, month, day, hour, minute, second, rest)


class LogWriter:
    """Writes chunks of a stream as lines. A full disk loses log lines (they are counted), never the container."""

    def __init__(self, path: str, max_bytes: int, max_files: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._max_files = max_files
        self._partial = {"stdout": b"", "stderr": b""}
        self.lost_bytes = 0
        self._fd = -1
        self._size = 0
        self.reopen()

    def reopen(self) -> None:
        """Open the file anew, after somebody moved it away."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        self._size = os.fstat(self._fd).st_size

    def write(self, stream: str, chunk: bytes) -> None:
        """Log what was read from ``stream``; an unfinished line waits for its end, up to MAX_LINE bytes."""
        lines = (self._partial[stream] + chunk).split(b"\n")
        rest = lines.pop()
        prefix = timestamp(time.time_ns()) + b" " + stream.encode()
        full = prefix + b" F "
        out: list[bytes] = []
        for line in lines:
            if len(line) > MAX_LINE:
                line = self._parts(out, prefix, line)
            out.append(full + line)
        if len(rest) >= MAX_LINE:
            rest = self._parts(out, prefix, rest)
        self._partial[stream] = rest
        if out:
            self._append_lines(out)

    @staticmethod
    def _parts(out: list[bytes], prefix: bytes, line: bytes) -> bytes:
        """Put all but the last MAX_LINE bytes out as parts; return those."""
        while len(line) > MAX_LINE:
            out.append(prefix + b" P " + line[:MAX_LINE])
            line = line[MAX_LINE:]
        return line

    def finish(self, stream: str) -> None:
        """The stream has ended: what is left of it is a line without its end."""
        rest, self._partial[stream] = self._partial[stream], b""
        if rest:
            self._append(timestamp(time.time_ns()) + b" " + stream.encode() + b" P " + rest + b"\n")

    def _append_lines(self, lines: list[bytes]) -> None:
        """One write, unless they are more than the file may still take: a chunk may be bigger than a whole file."""
        if self._max_bytes <= 0 or sum(map(len, lines)) + len(lines) <= self._max_bytes - self._size:
            self._append(b"\n".join([*lines, b""]))
            return
        batch, length = b"", self._size
        for line in lines:
            if batch and length + len(line) + 1 > self._max_bytes:
                self._append(batch)
                batch, length = b"", self._size
            batch += line + b"\n"
            length += len(line) + 1
        self._append(batch)

    def _append(self, data: bytes) -> None:
        if self._size and self._size + len(data) > self._max_bytes > 0:
            self._rotate()
        try:
            written = os.write(self._fd, data)
        except OSError:
            written = 0
        if written < len(data):
            self.lost_bytes += len(data) - written
            self._cut_back()
        else:
            self._size += written

    def _cut_back(self) -> None:
        """Take back a half-written line, so that the file stays one of whole lines."""
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            pass

    def _rotate(self) -> None:
        """path → path.1 → path.2 …, the oldest goes."""
        try:
            if self._max_files <= 1:
                os.ftruncate(self._fd, 0)
                self._size = 0
                return
            for number in range(self._max_files - 1, 0, -1):
                older = f"{self._path}.{number - 1}" if number > 1 else self._path
                try:
                    os.replace(older, f"{self._path}.{number}")
                except FileNotFoundError:
                    pass
            self.reopen()
        except OSError:
            pass  # a full disk: go on in the old file

    def close(self) -> None:
        os.close(self._fd)
