"""A :class:`Client` over HTTP: for the node agent, and whoever is not in the server's process.

Connections are kept; a watch has one of its own as long as it runs. Reads are tried again when no answer came or it
broke off, anything when the server says that it took nothing and when to come back (429). Writes are never sent twice
otherwise: one whose answer was lost may have been done.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from urllib.parse import quote, urlencode

import msgspec

from wherry.http.client import Answer, BrokenOff, HttpClient, NoAnswer, Request, Timeouts
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import Clock
from wherry.kube.client.connection import Connection
from wherry.kube.client.model import Changed, Listed, PatchType, View
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

JSON = "application/json"
READ_TRIES = 4
BUSY_TRIES = 6
LONGEST_PAUSE_SECONDS = 30.0
ANSWER_BYTES = 256 << 20
LINE_BYTES = 16 << 20
AT_ONCE = 16
"""Requests under way, watches apart: each has a connection, and to begin one costs both sides more than ten requests.
(Upstream's clients have all of theirs on one, by HTTP/2.)"""
WATCH_STALL_SECONDS = 150.0
"""A server sends bookmarks about every minute: one that is this quiet is gone."""
_REASONS = {
    400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 409: "Conflict",
    410: "Gone", 413: "RequestEntityTooLarge", 415: "UnsupportedMediaType", 422: "Invalid", 429: "TooManyRequests",
    500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout",
}  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """One request: ``path`` without the server, ``query`` without what is empty."""

    method: str
    path: str
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: object = None
    content_type: str = JSON
    accept: str = JSON

    @property
    def target(self) -> str:
        given = {name: value for name, value in self.query.items() if value}
        return f"{self.path}?{urlencode(given)}" if given else self.path


class HttpApiClient:
    """See the module, and the Protocol for each method. ``stall_seconds``: for how long an answer may stand still,
    watches apart. An asynchronous context manager."""

    def __init__(
        self, connection: Connection, clock: Clock, agent: str = "wherry", *, at_once: int = AT_ONCE,
        stall_seconds: float = Timeouts().stall_seconds,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._clock = clock
        self._http = HttpClient(agent, Timeouts(stall_seconds=stall_seconds), connections=0)
        self._room = asyncio.Semaphore(at_once)

    async def __aenter__(self) -> "HttpApiClient":
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def get(
        self, resource: GroupVersionResource, name: str, namespace: str = "", subresource: str = ""
    ) -> Object:
        return await self.ask(Asked("GET", path_of(resource, namespace, name, subresource)))

    async def list(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", limit: int = 0, token: str = "", shared: bool = False,
        view: View = View.WHOLE,
    ) -> Listed:  # fmt: skip
        query = {
            "labelSelector": labels, "fieldSelector": fields, "resourceVersion": resource_version,
            "limit": str(limit) if limit else "", "continue": token,
        }  # fmt: skip
        found = await self.ask(Asked("GET", path_of(resource, namespace), query))
        meta = found.get("metadata") or {}
        return Listed(found.get("items") or [], meta.get("resourceVersion", ""), meta.get("continue", ""))

    async def create(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        return await self.ask(Asked("POST", path_of(resource, namespace, name, subresource), body=obj))

    async def update(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, subresource: str = ""
    ) -> Object:
        path = path_of(resource, namespace, obj["metadata"]["name"], subresource)
        return await self.ask(Asked("PUT", path, body=obj))

    async def patch(
        self, resource: GroupVersionResource, name: str, patch: object, namespace: str = "", *,
        type: PatchType = PatchType.STRATEGIC, subresource: str = "", manager: str = "", force: bool = False,
    ) -> Object:  # fmt: skip
        query = {"fieldManager": manager, "force": "true" if force else ""}
        path = path_of(resource, namespace, name, subresource)
        return await self.ask(Asked("PATCH", path, query, patch, type.value))

    async def delete(
        self, resource: GroupVersionResource, name: str, namespace: str = "", *, options: Object | None = None
    ) -> Object:
        return await self.ask(Asked("DELETE", path_of(resource, namespace, name), body=options))

    @asynccontextmanager
    async def watch(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", view: View = View.WHOLE,
    ) -> AsyncIterator[AsyncIterator[Changed]]:  # fmt: skip
        query = {
            "watch": "true", "allowWatchBookmarks": "true", "labelSelector": labels, "fieldSelector": fields,
            "resourceVersion": resource_version,
        }  # fmt: skip
        asked = Asked("GET", path_of(resource, namespace), query)
        async with self._http.send(self._request(asked, WATCH_STALL_SECONDS)) as answer:
            await _check(answer)
            yield _changes(answer)

    async def ask(self, asked: Asked) -> Object:
        """Send it, again where that is safe, and give the answer's document. Raises StatusError, Unavailable."""
        tries = READ_TRIES if asked.method == "GET" else 1
        busy = BUSY_TRIES
        while True:
            try:
                return await self._once(asked)
            except (NoAnswer, BrokenOff):
                tries -= 1
                if not tries:
                    raise
                await self._clock.sleep(0.1 * 2 ** (READ_TRIES - tries))
            except StatusError as error:
                pause = error.details.get("retryAfterSeconds")
                busy -= 1
                if error.code != 429 or not isinstance(pause, int | float) or not busy:
                    raise
                await self._clock.sleep(min(max(pause, 1), LONGEST_PAUSE_SECONDS))

    async def _once(self, asked: Asked) -> Object:
        async with self._room, self._http.send(self._request(asked)) as answer:
            await _check(answer)
            content = await answer.read(ANSWER_BYTES)
        return _document(content)

    def _request(self, asked: Asked, stall_seconds: float | None = None) -> Request:
        headers = {"Accept": asked.accept}
        token = self._connection.token()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = None
        if asked.body is not None:
            headers["Content-Type"] = asked.content_type
            body = msgspec.json.encode(asked.body)
        url = self._connection.server + asked.target
        return Request(asked.method, url, headers, body, self._connection.tls, stall_seconds)


def path_of(resource: GroupVersionResource, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """``/apis/apps/v1/namespaces/x/deployments/web/status``."""
    parts = ["apis", resource.group, resource.version] if resource.group else ["api", resource.version]
    if namespace:
        parts += ["namespaces", namespace]
    parts += [part for part in (resource.resource, name, subresource) if part]
    return "/" + "/".join(quote(part, safe=":") for part in parts)


async def _check(answer: Answer) -> None:
    """Raises StatusError for a refusal."""
    if answer.status < 400:
        return
    content = await answer.read(ANSWER_BYTES)
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        document = None
    raise refusal(answer.status, document, answer.headers.get("Retry-After", ""))


def refusal(code: int, document: object, retry_after: str = "") -> StatusError:
    """Of a ``Status``, or of whatever stands in its place (a proxy's page)."""
    if isinstance(document, dict) and document.get("kind") == "Status":
        details = dict(document.get("details") or {})
        code = int(document.get("code") or code)
        reason, message = str(document.get("reason") or ""), str(document.get("message") or "")
    else:
        details, reason, message = {}, _REASONS.get(code, ""), f"the server answered {code} and no reason"
    if retry_after.isdecimal():
        details.setdefault("retryAfterSeconds", int(retry_after))
    return StatusError(code, reason, message, details)


def _document(content: bytes) -> Object:
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"the server's answer is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise Unavailable("the server's answer is no object")
    return document


async def _changes(answer: Answer) -> AsyncIterator[Changed]:
    async for line in lines(answer.pieces()):
        event = _document(line)
        obj = event.get("object") or {}
        if event.get("type") == "ERROR":
            raise refusal(int(obj.get("code") or 500), obj)
        yield Changed(str(event.get("type", "")), obj)


async def lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whole lines of a stream, without those that are empty. What comes after the last end of a line is dropped: it is
    half of something. Raises Unavailable for one of more than :data:`LINE_BYTES`."""
    rest: list[bytes] = []
    size = 0
    async for piece in pieces:
        *complete, last = piece.split(b"\n")
        for part in complete:
            line = b"".join([*rest, part])
            rest, size = [], 0
            if line.strip():
                yield line
        if last:
            rest.append(last)
            size += len(last)
            if size > LINE_BYTES:
                raise Unavailable(f"an event of the watch has more than {LINE_BYTES} bytes")
