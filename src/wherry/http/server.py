"""Servers on a unix socket and on a TCP port."""

import asyncio
import errno
import grp
import os
import resource
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from wherry.http.connection import Connection, RenderError
from wherry.http.direct import Direct, DirectConnection
from wherry.http.plain import RequestHeads
from wherry.http.request import Request
from wherry.http.turns import Turns
from wherry.kit.errors import Conflict, Forbidden, Invalid

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

BACKLOG = 1024
MAX_PATH_BYTES = 107  # sun_path, unix(7), less the NUL
READ_BUFFER_BYTES = 262144

KEEPALIVE_SECONDS = 120.0
"""Of an idle TCP connection: longer than Go's clients keep theirs (net/http DefaultTransport.IdleConnTimeout, 90 s),
so that it is the client who ends it and none of its requests meets a closed connection."""

HEAD_SECONDS = 10.0
"""What a TCP client gets for its first request's head, before it holds a connection for nothing."""

HANDSHAKE_SECONDS = 10.0
"""What it gets for TLS before that. (asyncio's own limit is a minute: descriptors run out sooner.)"""


class _Connections(web.Server):
    """Makes :class:`Connection` objects. Beyond ``most`` of them, each new one ends one that is idle."""

    def __init__(
        self, handler: Handler, render_error: RenderError, most: int | None = None, direct: Direct | None = None,
        **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(handler)
        self._render_error = render_error
        self._most = most
        self._direct = direct
        self._turns = Turns()
        self._heads = RequestHeads()
        self._options = options

    def _make_request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        protocol.begins(message, payload)
        return Request(message, payload, protocol, writer, task, self._loop)  # of aiohttp's own types

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        """See :class:`aiohttp.web.Server`."""
        super().connection_made(handler, transport)
        if self._most is not None and len(self.connections) > self._most:
            self._let_one_go(handler)

    def _let_one_go(self, new: Any) -> None:
        idle = [each for each in self.connections if isinstance(each, Connection) and each is not new and each.may_go]
        if idle:
            transport = min(idle, key=lambda each: each.idle_until).transport
            assert transport is not None
            transport.abort()

    def __call__(self) -> Connection:
        options = {**self._options, "loop": self._loop}
        if self._direct is None:
            return Connection(self, self._render_error, **options)
        return DirectConnection(self, self._render_error, self._direct, self._turns, self._heads, **options)


class Server:
    """A listening server. ``async with`` stops it at the end."""

    def __init__(self, connections: _Connections, server: asyncio.Server) -> None:
        self._connections = connections
        self._server = server

    async def stop(self, grace_seconds: float = 5.0) -> None:
        """Take no new connection, end the streams, let running requests finish for ``grace_seconds``; hijacked
        connections go on. Idempotent."""
        self._server.close()
        for connection in self._connections.connections:
            assert isinstance(connection, Connection)
            connection.close()
            connection.cancel_stream()
        await self._connections.shutdown(grace_seconds)

    async def __aenter__(self) -> "Server":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class UnixServer(Server):
    """On a socket file, which goes with it."""

    def __init__(self, path: Path, connections: _Connections, server: asyncio.Server) -> None:
        super().__init__(connections, server)
        self.path = path

    async def stop(self, grace_seconds: float = 5.0) -> None:
        """See :meth:`Server.stop`; removes the socket file."""
        self.path.unlink(missing_ok=True)
        await super().stop(grace_seconds)


class TcpServer(Server):
    """On a port; ``host`` and ``port`` are where it really listens."""

    def __init__(self, connections: _Connections, server: asyncio.Server) -> None:
        super().__init__(connections, server)
        self.host, self.port = server.sockets[0].getsockname()[:2]


async def serve_unix(handler: Handler, path: Path, render_error: RenderError, group: str = "") -> UnixServer:
    """Listen on ``path`` (made anew, mode 0660, root's of ``group`` where there is one) and answer with ``handler``.
    Must not be called while another server owns ``path``: what lies there is replaced."""
    sock = _listen(path, group)
    connections = _connections(handler, render_error, keepalive_timeout=3600, tcp_keepalive=False)
    server = await asyncio.get_running_loop().create_unix_server(connections, sock=sock, backlog=BACKLOG)
    return UnixServer(path, connections, server)


async def serve_tcp(
    handler: Handler, host: str, port: int, render_error: RenderError, ssl_context: ssl.SSLContext | None = None,
    direct: Direct | None = None,
) -> TcpServer:  # fmt: skip
    """Listen on every address of ``host`` and answer with ``handler``, inside TLS when there is a context; ``direct``
    is asked before (see :mod:`wherry.http.direct`).

    Port 0 is a free one. Raises Conflict when the port is taken, Forbidden when it is for root only, Invalid when
    ``host`` is not a name or address of this machine.
    """
    connections = _connections(
        handler, render_error, most=most_connections(), keepalive_timeout=KEEPALIVE_SECONDS, tcp_keepalive=True,
        head_seconds=HEAD_SECONDS, direct=direct,
    )  # fmt: skip
    try:
        server = await asyncio.get_running_loop().create_server(
            connections, host, port, ssl=ssl_context, backlog=BACKLOG, reuse_address=True,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if ssl_context is not None else None,
        )  # fmt: skip
    except (OSError, UnicodeError) as error:
        raise _refused(f"{host}:{port}", error) from error
    return TcpServer(connections, server)


def most_connections() -> int:
    """Of the descriptors that this process may have, three quarters: the rest is for TLS that is not made yet, for
    files, and for what is loaded when it is first needed."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 4


def _refused(address: str, error: Exception) -> Exception:
    """Why nobody can listen there, in words."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return Conflict(f"cannot listen on {address}: another program listens there already; choose another port")
    if number in (errno.EACCES, errno.EPERM):
        return Forbidden(f"cannot listen on {address}: only root may use ports below 1024; choose a higher one")
    return Invalid(f"cannot listen on {address}: {getattr(error, 'strerror', None) or error}")


def _connections(handler: Handler, render_error: RenderError, **options: Any) -> _Connections:
    return _Connections(
        handler,
        render_error,
        access_log=None,
        auto_decompress=False,
        max_line_size=65536,
        max_field_size=65536,
        read_bufsize=READ_BUFFER_BYTES,
        **options,
    )


def _listen(path: Path, group: str) -> socket.socket:
    """Bind under a private name and rename: the socket is never there with another mode or owner."""
    if len(os.fsencode(path)) > MAX_PATH_BYTES - 12:
        raise Invalid(f"socket path is too long: {path} (at most {MAX_PATH_BYTES - 12} bytes); use a shorter root")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.sock")
    temporary.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        old = os.umask(0o177)
        try:
            sock.bind(str(temporary))
        finally:
            os.umask(old)
        if os.geteuid() == 0:
            os.chown(temporary, 0, _group_id(group))
        os.chmod(temporary, 0o660)
        sock.listen(BACKLOG)
        os.rename(temporary, path)
    except BaseException:
        sock.close()
        temporary.unlink(missing_ok=True)
        raise
    return sock


def _group_id(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return 0
