"""One request to the registry, as its handler sees it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from wherry.engine.registry.model import Code, Refused
from wherry.engine.registry.names import parse_digest
from wherry.oci.digest import Digest
from wherry.registryapi.paths import Target

HEADERS = {"Docker-Distribution-Api-Version": "registry/2.0", "X-Content-Type-Options": "nosniff"}
"""Of every answer. docker asks for the first before it believes that this is a registry."""

STALL_SECONDS = 300.0
"""A client that sends nothing of an announced body for this long has gone without a word."""

_PARAMETERS_LIMIT = 32


class Call:
    """``target.name`` is valid; the reference is checked by :attr:`digest` and the handlers."""

    __slots__ = ("_query", "request", "target")

    def __init__(self, request: web.BaseRequest, target: Target, query: str) -> None:
        self.request = request
        self.target = target
        self._query = _parsed(query) if query else {}

    @property
    def name(self) -> str:
        """The repository."""
        return self.target.name

    @property
    def reference(self) -> str:
        """The last segment of the path: a tag, a digest or an upload's id, as it came."""
        return self.target.reference

    @property
    def digest(self) -> Digest:
        """The reference, which must be a digest. Refused (DIGEST_INVALID)."""
        return parse_digest(self.reference)

    def header(self, name: str) -> str | None:
        return self.request.headers.get(name)

    def parameter(self, name: str) -> str:
        """A query parameter, empty when it is not there."""
        return self._query.get(name, "")

    def count(self, default: int, limit: int) -> int:
        """The parameter ``n`` ("Listing Tags"): at most ``limit``, which keeps one request from asking for everything
        (CVE-2023-2253). Refused (PAGINATION_NUMBER_INVALID)."""
        text = self.parameter("n")
        if "n" not in self._query:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > limit:
            raise Refused(Code.PAGINATION_NUMBER_INVALID, f"n must be a number from 0 to {limit}", {"n": text[:20]})
        return int(text)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises ConnectionError when the client goes or stalls."""
        content = self.request.content
        while True:
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    data = await content.readany()
            except TimeoutError as error:
                raise ConnectionResetError(f"the client sent nothing for {STALL_SECONDS:.0f} s") from error
            if not data:
                return
            yield data


def _parsed(query: str) -> Mapping[str, str]:
    """A parameter given twice could be read in two ways."""
    try:
        found = parse_qs(query, keep_blank_values=True, max_num_fields=_PARAMETERS_LIMIT)
    except ValueError as error:
        raise Refused(Code.PAGINATION_NUMBER_INVALID, f"the query cannot be read: {error}") from error
    if any(len(values) > 1 for values in found.values()):
        raise Refused(Code.PAGINATION_NUMBER_INVALID, "a query parameter is given more than once")
    return {name: values[0] for name, values in found.items()}


def location(name: str, *rest: str) -> str:
    """A path below a repository, for ``Location``: without a host, so that it is right behind any proxy."""
    return f"/v2/{name}/{'/'.join(rest)}"


def next_link(path: str, n: int, last: str, **more: str) -> str:
    """``Link`` to the next page (RFC 8288)."""
    return f'<{path}?{urlencode({"n": n, "last": last, **more})}>; rel="next"'
