"""Connections to a registry, over whichever of its servers answers."""

import ssl
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

from wherry import __version__
from wherry.engine.distribution.authorizer import Authorizer
from wherry.engine.distribution.certificates import DIRECTORIES, context_for
from wherry.engine.distribution.connection import Connection
from wherry.engine.distribution.endpoints import Endpoint, Endpoints
from wherry.engine.distribution.model import ANONYMOUS, Credentials
from wherry.engine.images.threads import in_thread
from wherry.http.client import HttpClient, NoAnswer, Timeouts

AGENT = f"wherry/{__version__} (linux)"
DEFAULT_TIMEOUTS = Timeouts()


class Connector:
    """``certificates``: directories of a directory a registry. ``clock``: seconds, only forward."""

    def __init__(
        self,
        endpoints: Endpoints,
        certificates: Sequence[Path] = DIRECTORIES,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.endpoints = endpoints
        self._certificates = certificates
        self._timeouts = timeouts
        self._clock = clock

    def client(self) -> HttpClient:
        """One for each operation: its connections are nobody else's."""
        return HttpClient(AGENT, self._timeouts)

    async def to_pull(
        self, http: HttpClient, domain: str, credentials: Credentials
    ) -> AsyncGenerator[Connection, None]:
        """Whom to ask for a registry's images, in order. Raises NoAnswer when the registry itself does not answer."""
        for endpoint in self.endpoints.to_pull(domain):
            if not endpoint.own:
                yield await self._connection(http, endpoint, ANONYMOUS)
        yield await self.own(http, domain, credentials)

    async def own(self, http: HttpClient, domain: str, credentials: Credentials, offline: bool = False) -> Connection:
        """The registry itself. Where there is a choice of servers, the first that answers anything."""
        *first, last = self.endpoints.own(domain)
        for endpoint in first:
            connection = await self._connection(http, endpoint, credentials, offline)
            try:
                await connection.reach()
            except NoAnswer:
                continue
            return connection
        return await self._connection(http, last, credentials, offline)

    async def _connection(
        self, http: HttpClient, endpoint: Endpoint, credentials: Credentials, offline: bool = False
    ) -> Connection:
        authorizer = Authorizer(http, endpoint.origin, credentials, self._clock, offline)
        return Connection(http, endpoint, authorizer, await self._tls(endpoint))

    async def _tls(self, endpoint: Endpoint) -> ssl.SSLContext | None:
        if not endpoint.origin.is_secure:
            return None
        return await in_thread(context_for, endpoint.origin, endpoint.verified, self._certificates)
