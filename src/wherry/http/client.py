"""An HTTP client for servers that are not trusted.

aiohttp's, without what it does unasked: it follows no redirects, keeps no cookies, decompresses nothing, and reads no
``.netrc``, so what is sent to whom is decided by who calls. Answers are read with a limit. Every failure comes out as
one of two kinds: no answer, or one that broke off.

Proxies are those of the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), as for every program.
"""

import os
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from wherry.http import certificates
from wherry.http.urls import Origin, joined, shown
from wherry.kit.errors import Invalid, Unavailable

READ_BUFFER_BYTES = 512 << 10
PIECE_BYTES = 1 << 20
_FIELD_LIMIT_BYTES = 32 << 10

_UNTRUSTED = "certificate signed by unknown authority"
_CERTIFICATE_FAULTS = {
    10: "certificate has expired or is not yet valid",
    9: "certificate has expired or is not yet valid",
    18: _UNTRUSTED,
    19: _UNTRUSTED,
    20: _UNTRUSTED,
    21: _UNTRUSTED,
}
"""X509_V_ERR_… of OpenSSL's x509_vfy.h → the words of Go's crypto/x509, which users look for."""


class NoAnswer(Unavailable):
    """The server could not be reached, or gave no answer that makes sense."""


class Untrusted(NoAnswer):
    """The server's certificate is not one to believe."""


class BrokenOff(Unavailable):
    """The answer ended, or stood still, before it was complete."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """``stall_seconds``: how long nothing may arrive, while an answer is waited for and in the middle of one."""

    connect_seconds: float = 30.0
    stall_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """``body`` in pieces needs a Content-Length among the headers, or is sent chunked. ``tls``: by default it trusts
    whom the system trusts."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | AsyncIterable[bytes] | None = None
    tls: ssl.SSLContext | None = None
    stall_seconds: float | None = None

    def __str__(self) -> str:
        return f'{self.method.capitalize()} "{shown(self.url)}"'


class Answer:
    """A response whose head has arrived."""

    def __init__(self, request: Request, response: aiohttp.ClientResponse) -> None:
        self.request = request
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response

    def fields(self, name: str) -> list[str]:
        """Every header field of that name."""
        return list(self._response.headers.getall(name, []))

    @property
    def reason(self) -> str:
        """``404 Not Found``."""
        return f"{self.status} {self._response.reason or ''}".strip()

    @property
    def length(self) -> int | None:
        """Bytes of the body; None when the server does not say."""
        return self._response.content_length

    def location(self) -> str:
        """The address in the Location header. Raises Invalid when there is none, or it is nonsense."""
        location = self.headers.get("Location")
        if not location:
            raise Invalid(f"{self.request}: answered {self.reason} without a Location")
        return joined(self.request.url, location)

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises Invalid when it is larger than ``limit_bytes``, BrokenOff."""
        parts: list[bytes] = []
        size = 0
        async for piece in self.pieces():
            size += len(piece)
            if size > limit_bytes:
                raise Invalid(f"{self.request}: the answer has more than {limit_bytes} bytes")
            parts.append(piece)
        return b"".join(parts)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives; BrokenOff."""
        try:
            async for piece in self._response.content.iter_any():
                yield piece
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise BrokenOff(f"{self.request}: the answer broke off: {_words(error)}") from error


class HttpClient:
    """Connections are kept for the next request to the same origin. An asynchronous context manager."""

    def __init__(self, agent: str, timeouts: Timeouts = Timeouts(), connections: int = 16) -> None:
        self._agent = agent
        self._timeouts = timeouts
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[Origin, str | None] = {}

    async def __aenter__(self) -> "HttpClient":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, limit_per_host=self._connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=READ_BUFFER_BYTES,
            max_line_size=_FIELD_LIMIT_BYTES,
            max_field_size=_FIELD_LIMIT_BYTES,
            headers={"User-Agent": self._agent, "Accept-Encoding": "identity"},
            skip_auto_headers=("Accept", "Content-Type"),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()
        self._session = None

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[Answer]:
        """The answer, whatever its status; leaving the block early closes the connection. Raises NoAnswer."""
        assert self._session is not None
        origin = Origin.of(request.url)
        stall = request.stall_seconds or self._timeouts.stall_seconds
        try:
            response = await self._session.request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body,
                ssl=request.tls or certificates.default(),
                allow_redirects=False,
                proxy=self._proxy(origin),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._timeouts.connect_seconds, sock_read=stall),
            )
        except aiohttp.ClientConnectorCertificateError as error:
            raise Untrusted(f"{request}: tls: failed to verify certificate: x509: {_fault(error)}") from error
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise NoAnswer(f"{request}: {_words(error)}") from error
        async with response:
            yield Answer(request, response)

    def _proxy(self, origin: Origin) -> str | None:
        """As the environment was when the origin was first asked: to read all of it takes longer than a request."""
        if origin not in self._proxies:
            self._proxies[origin] = proxy_for(origin)
        return self._proxies[origin]


def proxy_for(origin: Origin) -> str | None:
    """The environment's proxy for a server, or None."""
    proxies = getproxies()
    if not proxies or proxy_bypass(f"{origin.host}:{origin.port}", proxies):
        return None
    return proxies.get(origin.scheme)


def _fault(error: aiohttp.ClientConnectorCertificateError) -> str:
    cause = error.certificate_error
    code = getattr(cause, "verify_code", 0)
    return _CERTIFICATE_FAULTS.get(code) or str(getattr(cause, "verify_message", cause))


def _words(error: BaseException) -> str:
    """What went wrong, as the docker CLI's users know it from Go."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"dial tcp: lookup {error.host}: no such host"
        case aiohttp.ClientConnectorSSLError():
            if "WRONG_VERSION_NUMBER" in str(error) or "RECORD_LAYER" in str(error):
                return "http: server gave HTTP response to HTTPS client"
            return f"tls: {error.strerror or error}"
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            reason = os.strerror(number).lower() if number else str(error)
            return f"dial tcp {error.host}:{error.port}: connect: {reason}"
        case TimeoutError():
            return f"timeout: {error}" if str(error) else "timeout"
        case aiohttp.ClientPayloadError():
            return "unexpected EOF"
        case aiohttp.ServerDisconnectedError():
            return "EOF"
        case aiohttp.ClientHttpProxyError():
            return f"proxy answered {error.status} {error.message}"
    return str(error) or type(error).__name__
