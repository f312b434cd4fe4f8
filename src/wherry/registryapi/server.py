"""A registry that is served: storage, API and port, with one life."""

import logging
import ssl
from pathlib import Path

from wherry.engine.registry.registry import Registry
from wherry.http.server import TcpServer, UnixServer, serve_tcp
from wherry.kit.errors import Invalid
from wherry.registryapi.access import Guard, Open
from wherry.registryapi.app import RegistryApi, Rules
from wherry.registryapi.control import serve_control
from wherry.registryapi.errors import render_unparsed
from wherry.registryapi.options import Options, address, check, is_loopback
from wherry.registryapi.tls import load_certificate, tls_context

log = logging.getLogger(__name__)


class RegistryServer:
    """Made by :func:`serve_registry`."""

    def __init__(
        self,
        registry: Registry,
        options: Options,
        tls: ssl.SSLContext | None,
        server: TcpServer,
        control: UnixServer | None,
    ) -> None:
        self.registry = registry
        self._options = options
        self._tls = tls
        self._server = server
        self._control = control

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
            load_certificate(self._tls, self._options)
        except Invalid as error:
            log.error("the certificate stays as it was: %s", error.message)

    async def stop(self) -> None:
        """End it; uploads can go on after the next start."""
        if self._control is not None:
            await self._control.stop()
        await self._server.stop()
        await self.registry.close()


async def serve_registry(registry: Registry, options: Options, control: Path | None = None) -> RegistryServer:
    """Listen and answer; ``control``: where its own socket is to be.

    Raises Invalid for wrong options, and what :func:`wherry.http.server.serve_tcp` does for a port that cannot be had.
    """
    check(options)
    who = guard(options)
    tls = tls_context(options)
    host, port = address(options.listen)
    api = RegistryApi(registry, who, rules(options, who))
    server = await serve_tcp(api, host, port, render_unparsed, tls)
    registry.start()
    own = await serve_control(registry.collector, control) if control is not None else None
    served = RegistryServer(registry, options, tls, server, own)
    log.info("registry answers at %s", served.address)
    return served


def guard(options: Options) -> Guard:
    """Whoever is to decide; its libraries are loaded only when they are needed. Raises Invalid."""
    if options.htpasswd is not None:
        from wherry.registryapi.htpasswd import Htpasswd

        return Htpasswd(options.htpasswd)
    if options.token_key is not None:
        from wherry.registryapi.tokens import Authority, Tokens, load_keys  # 13 MB of cryptography

        authority = Authority(options.token_realm, options.token_service, options.token_issuer)
        return Tokens(authority, load_keys(options.token_key))
    return Open()


def rules(options: Options, who: Guard) -> Rules:
    """A registry that trusts its machine answers to its machine's names only."""
    host, _ = address(options.listen)
    return Rules(options.read_only, options.allow_delete, host if who.is_open and is_loopback(host) else None)
