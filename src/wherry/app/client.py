"""A small synchronous client of the Docker Engine API over its unix socket, for the command line.

Only what a trusted local daemon needs: HTTP/1.1, content of a given length or chunked, streams, and connections
taken over after ``101`` (attach, exec). An own 200 lines because importing ``http.client`` takes 26 ms, a third of what
``wherry ps`` may take in all.
"""

import json
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus

API_VERSION = "v1.51"
Query = Mapping[str, object]
Send = Callable[[bytes], None]
# http.client's own limit on a line of a header.
_MAX_HEAD_BYTES = 65536

_CHUNKED_TAR = {"Transfer-Encoding": "chunked", "Content-Type": "application/x-tar"}


class ApiError(Exception):
    """The daemon refused; ``message`` is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Unreachable(Exception):
    """Nobody answers at the socket."""

    def __init__(self, socket_path: str, reason: str) -> None:
        hint = "Are you root?" if reason == "permission denied" else "Is `wherry up` running?"
        super().__init__(f"Cannot connect to the Wherry daemon at unix://{socket_path} ({reason}). {hint}")


class Response:
    """A response whose head has been read. Use as a context manager, or read it to its end."""

    def __init__(self, connection: socket.socket, status: int, headers: Mapping[str, str], early: bytes) -> None:
        self.connection = connection
        self.status = status
        self.headers = headers
        self._buffer = early
        length = headers.get("content-length")
        self._left = int(length) if length is not None else None
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"

    def __enter__(self) -> "Response":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def take_early(self) -> bytes:
        """Bytes that followed the head: the beginning of what a taken-over connection carries."""
        early, self._buffer = self._buffer, b""
        return early

    def pieces(self) -> Iterator[bytes]:
        """The body as it arrives; raises ConnectionError when it breaks off."""
        if self._chunked:
            yield from self._chunks()
            return
        while self._left is None or self._left > 0:
            piece = self.take_early() or self.connection.recv(65536)
            if not piece:
                if self._left is None:
                    return
                raise ConnectionError("the daemon closed the connection in the middle of an answer")
            if self._left is not None:
                self._left -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._line().split(b";")[0], 16):
            while size:
                if not self._buffer:
                    self._fill()
                piece, self._buffer = self._buffer[:size], self._buffer[size:]
                size -= len(piece)
                yield piece
            self._line()
        while self._line():  # trailers
            pass

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            self._fill()
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _fill(self) -> None:
        piece = self.connection.recv(65536)
        if not piece:
            raise ConnectionError("the daemon closed the connection in the middle of an answer")
        self._buffer += piece

    def read(self) -> bytes:
        with self:
            return b"".join(self.pieces())

    def json(self) -> Any:  # whatever the daemon sends
        body = self.read()
        return json.loads(body) if body.strip() else None

    def json_stream(self) -> Iterator[Any]:
        """Objects of a stream of JSON texts, each on a line of its own."""
        rest = b""
        for piece in self.pieces():
            *lines, rest = (rest + piece).split(b"\n")
            yield from (json.loads(line) for line in lines if line.strip())
        if rest.strip():
            yield json.loads(rest)


@dataclass(frozen=True, slots=True)
class Client:
    """Requests to one daemon; every request has a connection of its own. Paths start with ``/``."""

    socket_path: str

    def get(self, path: str, query: Query | None = None) -> Any:
        return self.request("GET", path, query).json()

    def post(self, path: str, query: Query | None = None, body: object = None) -> Any:
        return self.request("POST", path, query, body).json()

    def delete(self, path: str, query: Query | None = None) -> Any:
        return self.request("DELETE", path, query).json()

    def request(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send ``body`` as JSON (None: nothing). Raises ApiError on a status of 400 or more, Unreachable."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = dict(headers or {})
        if method != "GET":
            headers["Content-Length"] = str(len(content))
        if body is not None:
            headers["Content-Type"] = "application/json"
        return _checked(self._send(_head(method, path, query, headers) + content))

    def head(self, path: str, query: Query | None = None) -> Mapping[str, str]:
        """The headers that GET would answer with; ApiError without the daemon's words, because there is no body."""
        response = self._send(_head("HEAD", path, query, {}))
        response.connection.close()
        if response.status >= 400:
            raise ApiError(response.status, f"status {response.status}")
        return response.headers

    def upload(
        self, path: str, query: Query | None, pieces: Iterable[bytes], headers: Mapping[str, str] | None = None
    ) -> Response:
        """POST a tar archive as it is read, in chunks."""

        def produce(send: Send) -> None:
            for piece in pieces:
                send(piece)

        return self._send_chunks(_head("POST", path, query, {**_CHUNKED_TAR, **(headers or {})}), produce)

    def put(self, path: str, query: Query | None, produce: Callable[[Send], None]) -> Response:
        """PUT a tar archive in chunks: those that ``produce`` calls its argument with."""
        return self._send_chunks(_head("PUT", path, query, _CHUNKED_TAR), produce)

    def _send_chunks(self, head: bytes, produce: Callable[[Send], None]) -> Response:
        connection = self._connect()
        connection.sendall(head)

        def send(piece: bytes) -> None:
            if piece:
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))

        try:
            produce(send)
            connection.sendall(b"0\r\n\r\n")
        except BrokenPipeError:
            pass  # the daemon refuses early and says why
        return _checked(_read_head(connection))

    def hijack(self, path: str, query: Query | None = None, body: object = None) -> Response:
        """POST and take the connection over; the content type says whether the stream is framed."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "tcp",
            "Content-Length": str(len(content)),
            "Content-Type": "application/json",
        }
        response = _checked(self._send(_head("POST", path, query, headers) + content))
        if response.status != 101:
            response.connection.close()
            raise ApiError(response.status, f"the daemon did not open a stream (status {response.status})")
        return response

    def _send(self, message: bytes) -> Response:
        connection = self._connect()
        connection.sendall(message)
        return _read_head(connection)

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(self.socket_path)
        except OSError as error:
            connection.close()
            reason = error.strerror or os.strerror(error.errno or 0)
            raise Unreachable(self.socket_path, reason.lower()) from error
        return connection


def _head(method: str, path: str, query: Query | None, headers: Mapping[str, str]) -> bytes:
    # What a user gives as a name is a name: a blank does not end the line, a question mark begins no query.
    target = f"/{API_VERSION}{quote(path, safe='/:@')}{encode_query(query)}" if path != "/_ping" else path
    lines = [f"{method} {target} HTTP/1.1", "Host: wherry", "User-Agent: wherry"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def encode_query(query: Query | None) -> str:
    """``?a=1&b=…``: None is left out, True is 1, False is 0, a dict is JSON, a list repeats the name."""
    pairs: list[str] = []
    for name, value in (query or {}).items():
        for item in value if isinstance(value, list | tuple) else [value]:
            if item is None:
                continue
            pairs.append(f"{name}={quote_plus(_query_text(item))}")
    return f"?{'&'.join(pairs)}" if pairs else ""


def _query_text(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def _read_head(connection: socket.socket) -> Response:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece or len(received) > _MAX_HEAD_BYTES:
            connection.close()
            raise ConnectionError("the daemon closed the connection without an answer")
        received += piece
    head, _, early = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(status_line.split()[1])
    if status in (204, 304):
        headers["content-length"] = "0"
    return Response(connection, status, headers, early)


def _checked(response: Response) -> Response:
    if response.status < 400:
        return response
    body = response.read()
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = body.decode(errors="replace").strip() or f"status {response.status}"
    raise ApiError(response.status, message)
