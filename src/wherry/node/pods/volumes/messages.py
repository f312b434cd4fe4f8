"""Last words: the file that a container may leave a message in (``terminationMessagePath``), or the end of its log."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from wherry.node.pods.composing.containers import MESSAGE_PATH, MESSAGE_POLICY
from wherry.node.pods.runtime import Container

LONGEST_BYTES = 4096
LOG_BYTES, LOG_LINES = 2048, 80
ROOM_BYTES = 64 << 20
"""Of the tmpfs that all of them are on."""
FILE_BYTES = 1 << 20
"""A file that has grown beyond is cut, so that others find room."""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_LINE_OVERHEAD = 64


def make(directory: Path, container: str, attempt: int) -> Path:
    """An empty file that any user may write into, as the kubelet makes it. Idempotent."""
    directory.mkdir(0o755, parents=True, exist_ok=True)
    path = directory / f"{container}.{attempt}"
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        os.fchmod(descriptor, 0o666)
    finally:
        os.close(descriptor)
    return path


def read(container: Container) -> str:
    """Of one that has ended; empty when it has left none. Never raises."""
    annotations: Mapping[str, str] = container.annotations
    path = annotations.get(MESSAGE_PATH)
    message = _tail(path, LONGEST_BYTES).decode("utf-8", "replace") if path else ""
    if not message and annotations.get(MESSAGE_POLICY) == "FallbackToLogsOnError" and container.exit_code:
        message = _end_of_log(container.log)
    return message


def _tail(path: str, limit: int) -> bytes:
    """Of a file; of anything else, nothing."""
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return b""
    try:
        known = os.fstat(descriptor)
        return os.pread(descriptor, limit, max(known.st_size - limit, 0)) if stat.S_ISREG(known.st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _end_of_log(path: str) -> str:
    """Lines in CRI's format: time, stream, whether the line is whole, text."""
    if not path:
        return ""
    data = _tail(path, LOG_BYTES + LOG_LINES * _LINE_OVERHEAD)
    lines = data.decode("utf-8", "replace").splitlines()[-LOG_LINES:]
    texts = [_text(line) for line in lines]
    return "".join(texts).encode()[-LOG_BYTES:].decode("utf-8", "replace")


def _text(line: str) -> str:
    if line.startswith("{"):  # Docker's json-file
        try:
            return str(json.loads(line).get("log", ""))
        except ValueError:
            return ""
    parts = line.split(" ", 3)
    if len(parts) < 4:
        return ""
    return parts[3] + ("" if parts[2] == "P" else "\n")


def cut(directory: Path) -> list[str]:
    """Empty what has grown too large; the names of these files. What they take is given back at once."""
    found: list[str] = []
    for path in directory.glob("*/*"):
        try:
            known = path.lstat()
            if known.st_blocks * 512 > FILE_BYTES or known.st_size > FILE_BYTES:
                os.truncate(path, 0)
                found.append(str(path))
        except OSError:
            continue
    return found
