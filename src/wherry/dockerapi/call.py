"""One request to the API, as an endpoint sees it."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, TypeVar

from aiohttp import web

from wherry.dockerapi.filters import parse_filters
from wherry.dockerapi.parameters import Query
from wherry.http.body import body_chunks, convert, read_document, read_json
from wherry.http.connection import Connection
from wherry.http.documents import encode
from wherry.http.hijack import Hijacked, hijack
from wherry.http.streams import Stream, connection_of
from wherry.kit.errors import Invalid

T = TypeVar("T")

JSON = "application/json"
RAW_STREAM = "application/vnd.docker.raw-stream"
MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream"


class Call:
    """``version`` is the number behind ``1.``; ``variables`` are the path's."""

    __slots__ = ("path", "query", "request", "variables", "version")

    def __init__(
        self, request: web.BaseRequest, version: int, path: str, query: Query, variables: Mapping[str, str]
    ) -> None:
        self.request = request
        self.version = version
        self.path = path
        self.query = query
        self.variables = variables

    @property
    def id(self) -> str:
        """The path's ``{id}``: an id, an id's beginning or a name."""
        return self.variables["id"]

    @property
    def name(self) -> str:
        """The path's ``{name}``."""
        return self.variables["name"]

    def filters(self, known: Collection[str]) -> dict[str, list[str]]:
        """The ``filters`` parameter, refused when it has a name that is not in ``known``."""
        return parse_filters(self.query.text("filters"), known)

    async def body(self, kind: type[T]) -> T:
        """The JSON body; an absent one is an empty structure, as with dockerd."""
        document = await read_json(self.request, kind)
        return kind() if document is None else document

    async def document(self) -> dict[str, Any] | None:
        """The JSON body, parsed strictly but not yet typed: for one that is read into several structures."""
        document = await read_document(self.request)
        if document is not None and not isinstance(document, dict):
            raise Invalid("invalid JSON: must be an object")
        return document

    @staticmethod
    def convert(document: dict[str, Any], kind: type[T]) -> T:
        """A part of :meth:`document` as a structure; raises Invalid."""
        return convert(document, kind)

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        return body_chunks(self.request)

    def json(self, document: object, status: int = 200) -> web.Response:
        """A JSON answer."""
        return web.Response(status=status, body=encode(document) + b"\n", headers={"Content-Type": JSON})

    def done(self, status: int = 204) -> web.Response:
        """An answer without a body."""
        return web.Response(status=status)

    async def stream(self, content_type: str = JSON) -> Stream:
        """Begin a chunked answer: its headers are sent at once."""
        return await Stream.open(self.request, content_type)

    @property
    def connection(self) -> Connection:
        """The client's connection."""
        return connection_of(self.request)

    def output_type(self, tty: bool) -> str:
        """The content type of a container's output: framed output has a name of its own since 1.42."""
        return MULTIPLEXED_STREAM if not tty and self.version >= 42 else RAW_STREAM

    async def hijack(self, content_type: str, *, read: bool) -> Hijacked:
        """Answer 101 (200 to a client that asked for no upgrade) and take the socket; see :mod:`wherry.http.hijack`."""
        if "Upgrade" in self.request.headers:
            head = (
                f"HTTP/1.1 101 UPGRADED\r\nContent-Type: {content_type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
            )
        else:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n"
        return await hijack(self.request, head.encode(), read=read)
