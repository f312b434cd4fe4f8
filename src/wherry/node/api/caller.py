"""The client of a process, however it speaks; what is said to it at the end; its terminal's size."""

import json
from dataclasses import dataclass
from typing import Protocol

from wherry.kube.machinery.model import Object

STREAM_SECONDS = 30.0
"""For a client to open its streams (pkg/kubelet/server/streaming DefaultStreamCreationTimeout)."""
FINISH_SECONDS = 900.0
"""For a client to read what is on its way to it, once the process has ended; then its connection is cut. (As upstream:
a connection that is closed while the client still sends is reset, and what it had not read yet is lost.)"""
FAREWELL_SECONDS = 900.0
"""For a process to read what a client sent before it said goodbye, and to end by that."""
STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)
_SIZE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which streams the client has."""

    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    tty: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """Of a terminal, in characters."""

    width: int
    height: int


class Caller(Protocol):
    """One client of one process."""

    async def input(self) -> bytes:
        """Some bytes for the process; none when there is no more. Raises ConnectionError."""

    async def size(self) -> Size:
        """The next one; of several that nobody asked for, the last. Waits for ever when there is none."""

    async def say(self, stream: int, data: bytes) -> None:
        """Output of the process: :data:`STDOUT` or :data:`STDERR`. What the client does not want is dropped. Waits
        while it does not read; raises ConnectionError."""

    async def gone(self) -> None:
        """Returns when the client has gone."""

    def has_left(self) -> bool:
        """Of one that has gone: it has said goodbye. What it has sent is still to be read, that was the end of its
        input, and whatever is said to it is dropped."""

    async def finish(self, result: Object) -> None:
        """Say how it ended (a ``Status``), and wait until the client has heard it all. Raises ConnectionError."""


class Sizes:
    """Reads what clients send of their terminals: JSON documents, one after the other."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, data: bytes) -> Size | None:
        """The last size in it; None: none is complete. What makes no sense is dropped."""
        self._text = (self._text + data.decode(errors="replace")).lstrip()
        found, decoder = None, json.JSONDecoder()
        while self._text:
            try:
                document, end = decoder.raw_decode(self._text)
            except (ValueError, RecursionError):
                if len(self._text) > _SIZE_BYTES:
                    self._text = ""
                break
            self._text = self._text[end:].lstrip()
            found = _size(document) or found
        return found


def _size(document: object) -> Size | None:
    if not isinstance(document, dict):
        return None
    fields = {str(name).lower(): value for name, value in document.items()}
    width, height = fields.get("width"), fields.get("height")
    if not isinstance(width, int) or not isinstance(height, int) or not (0 < width < 65536 and 0 < height < 65536):
        return None
    return Size(width, height)


def success() -> Object:
    return {"metadata": {}, "status": "Success"}


def exited(code: int) -> Object:
    """Of a process that has ended by itself (pkg/kubelet remotecommand: NonZeroExitCodeReason)."""
    if code == 0:
        return success()
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def failed(message: str) -> Object:
    """Of what could not be begun, or broke (apimachinery api/errors: NewInternalError)."""
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {message}",
        "reason": "InternalError",
        "details": {"causes": [{"message": message}]},
        "code": 500,
    }


def encoded(result: Object, structured: bool) -> bytes:
    """A result as the error stream carries it. Before the fourth version of the protocol: the words of a failure."""
    if structured:
        return json.dumps(result, separators=(",", ":")).encode()
    return str(result["message"]).encode() if result["status"] != "Success" else b""
