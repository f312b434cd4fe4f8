"""HTTP to the API, byte by byte: no client library in between."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 120.0
JSON, YAML = "application/json", "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
STRATEGIC, APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"

Document = Any  # JSON


@dataclass(frozen=True)
class Answer:
    """What came back."""

    code: int
    headers: http.client.HTTPMessage
    raw: bytes

    @property
    def json(self) -> Document:
        return json.loads(self.raw)

    @property
    def text(self) -> str:
        return self.raw.decode()

    @property
    def warnings(self) -> list[str]:
        return self.headers.get_all("Warning") or []

    def ok(self) -> Document:
        """The object; the request must have succeeded."""
        assert 200 <= self.code < 300, f"{self.code}: {self.text[:2000]}"
        return self.json

    def refused(self, code: int, reason: str) -> Document:
        """The Status; the request must have been refused so."""
        found = self.json
        assert (self.code, found["reason"]) == (code, reason), f"{self.code}: {self.text[:2000]}"
        assert (found["kind"], found["apiVersion"], found["status"]) == ("Status", "v1", "Failure")
        assert found["code"] == code
        return found


@dataclass
class Watch:
    """The events of an open watch, as they come."""

    response: http.client.HTTPResponse
    sock: socket.socket
    pending: bytes = b""
    ended: bool = field(default=False)

    def next(self, seconds: float = SECONDS) -> Document:
        """The next event; None at the end of the stream."""
        end = time.monotonic() + seconds
        while b"\n" not in self.pending:
            if self.ended:
                return None
            self.sock.settimeout(max(end - time.monotonic(), 0.001))
            try:
                piece = self.response.read1(65536)
            except TimeoutError:
                raise AssertionError(f"no event came in {seconds:.0f} s") from None
            self.ended = not piece
            self.pending += piece
        line, _, self.pending = self.pending.partition(b"\n")
        return json.loads(line)

    def take(self, count: int) -> list[Document]:
        return [self.next() for _ in range(count)]

    def until(self, kind: str) -> list[Document]:
        """The events up to the first of this type, and that one."""
        found = [self.next()]
        while found[-1] is not None and found[-1]["type"] != kind:
            found.append(self.next())
        return found

    def rest(self) -> list[Document]:
        """Up to the end of the stream."""
        found = []
        while (event := self.next()) is not None:
            found.append(event)
        return found


class Web:
    """A client. ``identity``: a PEM file of certificate and key; None: none is shown."""

    def __init__(self, address: tuple[str, int], authority: Path, identity: Path | None, token: str = "") -> None:
        self._address = address
        self._authority = authority
        self._context = ssl.create_default_context(cafile=str(authority))
        if identity is not None:
            self._context.load_cert_chain(str(identity))
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._connection: http.client.HTTPSConnection | None = None

    def with_token(self, token: str) -> "Web":
        """The same server for another caller; without a token, for nobody."""
        return Web(self._address, self._authority, None, token)

    def connect(self) -> http.client.HTTPSConnection:
        """A connection of its own."""
        return http.client.HTTPSConnection(*self._address, context=self._context, timeout=SECONDS)

    def send(
        self, method: str, path: str, body: Document = None, content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """``body``: bytes as they are, anything else as JSON; None: none."""
        sent = {**self._headers, **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", content_type)
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        for attempt in (1, 2):
            connection = self._connection or self.connect()
            fresh = self._connection is None
            self._connection = connection
            try:
                connection.request(method, path, body, sent)
                response = connection.getresponse()
                answer = Answer(response.status, response.headers, response.read())
            except (ConnectionError, http.client.HTTPException, ssl.SSLError):
                self.close()
                if fresh or attempt == 2:
                    raise
                continue
            except BaseException:  # half an answer: nobody can go on from there
                self.close()
                raise
            if response.will_close:
                self.close()
            return answer
        raise AssertionError

    def get(self, path: str, accept: str = JSON, **headers: str) -> Answer:
        return self.send("GET", path, headers={"Accept": accept, **headers})

    def post(self, path: str, body: Document, content_type: str = JSON) -> Answer:
        return self.send("POST", path, body, content_type)

    def put(self, path: str, body: Document, content_type: str = JSON) -> Answer:
        return self.send("PUT", path, body, content_type)

    def patch(self, path: str, body: Document, content_type: str = MERGE) -> Answer:
        return self.send("PATCH", path, body, content_type)

    def delete(self, path: str, body: Document = None) -> Answer:
        return self.send("DELETE", path, body)

    @contextmanager
    def watch(self, path: str, accept: str = JSON) -> Iterator[Watch]:
        """An open watch; ``path`` with its query, without ``watch``."""
        connection = self.connect()
        try:
            connection.request(
                "GET", f"{path}{'&' if '?' in path else '?'}watch=true", headers={**self._headers, "Accept": accept}
            )
            sock = connection.sock
            response = connection.getresponse()
            assert response.status == 200, f"{response.status}: {response.read()!r}"
            yield Watch(response, sock)
        finally:
            connection.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
