"""A registry that is served: storage, API and port, with one life."""

import logging
import ssl

from wherry.engine.registry.registry import Registry
from wherry.http.server import TcpServer, serve_tcp
from wherry.kit.errors import Invalid
from wherry.registryapi import options as settings
from wherry.registryapi.app import RegistryApi
from wherry.registryapi.errors import render_unparsed
from wherry.registryapi.options import Options

log = logging.getLogger(__name__)


class RegistryServer:
    """Made by :func:`serve_registry`."""

    def __init__(self, registry: Registry, options: Options, tls: ssl.SSLContext | None, server: TcpServer) -> None:
        self.registry = registry
        self._options = options
        self._tls = tls
        self._server = server

    @property
    def address(self) -> str:
        """Where it answers, as a URL."""
        host = f"[{self._server.host}]" if ":" in self._server.host else self._server.host
        return f"{'https' if self._tls else 'http'}://{host}:{self._server.port}"

    @property
    def port(self) -> int:
        return int(self._server.port)

    def reload(self) -> None:
        """Read the certificate again; a wrong one is told of, and the old one stays."""
        if self._tls is None:
            return
        try:
            settings.load_certificate(self._tls, self._options)
        except Invalid as error:
            log.error("the certificate stays as it was: %s", error.message)

    async def stop(self) -> None:
        """End it; uploads can go on after the next start."""
        await self._server.stop()
        await self.registry.close()


async def serve_registry(registry: Registry, options: Options) -> RegistryServer:
    """Listen and answer. Raises Invalid for wrong options, Conflict for a port that is taken."""
    settings.check(options)
    who = settings.guard(options)
    tls = settings.tls_context(options)
    host, port = settings.address(options.listen)
    api = RegistryApi(registry, who, settings.rules(options, who))
    registry.start()
    try:
        server = await serve_tcp(api, host, port, render_unparsed, tls)
    except BaseException:
        await registry.close()
        raise
    return RegistryServer(registry, options, tls, server)
