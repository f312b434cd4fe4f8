"""Relays for what the nft rules do not catch: the sockets that hold published ports also serve.

That is IPv6, for containers that have only IPv4 (the kernel translates no IPv6 to IPv4), and for pods what comes by it
from this machine itself (no policy is about what the node sends); a connection from another loopback address than
127.0.0.1; and one between containers that are kept apart (``enable_icc=false``). Everything else is redirected by the
kernel before it reaches these sockets, and goes on while the daemon is dead.
"""

import asyncio
import socket
from typing import Any, cast

from wherry.engine.networks.model import Publication
from wherry.engine.networks.ports import Held, bind

# Docker's proxy forgets a UDP client after 90 s (docker-proxy, UDPConnTrackTimeout).
_UDP_IDLE_SECONDS = 90.0
_DATAGRAM_BYTES = 65535
# Far above what a laptop's loopback sees; keeps one client from taking all of the node's descriptors.
_MAX_UDP_CLIENTS = 1024


def hold(publication: Publication) -> Held | None:
    """Bind the published port and serve what reaches it. Needs a running event loop. Raises OSError as bind(2)."""
    bound = bind(publication)
    if bound is None:
        return None
    if publication.protocol == "tcp":
        return TcpRelay(bound, (publication.address, publication.container_port))
    if publication.protocol == "udp" and publication.is_ipv6:
        return UdpRelay(bound, (publication.address, publication.container_port))
    return bound


class TcpRelay:
    """Accepts connections and copies both directions, half-closed ones too."""

    def __init__(self, listening: socket.socket, target: tuple[str, int]) -> None:
        self._listening = listening
        self._target = target
        self._loop = asyncio.get_running_loop()
        self.connections: set[asyncio.Task[None]] = set()
        self._loop.add_reader(listening.fileno(), self._accept)

    def close(self) -> None:
        """Give the port up and end what is relayed: its container's port is no longer published. Idempotent."""
        if self._listening.fileno() >= 0:
            self._loop.remove_reader(self._listening.fileno())
            self._listening.close()
        for task in self.connections:
            task.cancel()

    def _accept(self) -> None:
        try:
            client, _ = self._listening.accept()
        except OSError:
            return  # it went away while waiting, or descriptors are short: the next readiness tries again
        client.setblocking(False)
        near = _Half(self._loop.create_future())
        task = self._loop.create_task(self._relay(client, near))
        self.connections.add(task)
        task.add_done_callback(lambda _: self._end(task, client, near))

    async def _relay(self, client: socket.socket, near: "_Half") -> None:
        try:
            _, far = await self._loop.create_connection(lambda: _Half(near.ended), *self._target)
        except OSError:
            return  # nobody listens in the container: the client's connection ends
        try:
            near.other, far.other = far, near
            await self._loop.connect_accepted_socket(lambda: near, client)
            await near.ended
        finally:
            far.close()

    def _end(self, task: "asyncio.Task[None]", client: socket.socket, near: "_Half") -> None:
        self.connections.discard(task)
        if near.is_connected:
            near.close()
        else:
            client.close()


class _Half(asyncio.Protocol):
    """One of the two connections of a relayed one: what it receives the other sends, no faster than that can."""

    def __init__(self, ended: "asyncio.Future[None]") -> None:
        self.other: _Half | None = None
        self.ended = ended
        self._transport: asyncio.Transport | None = None
        self._early = b""
        self._at_end = False

    @property
    def is_connected(self) -> bool:
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._early:
            self._transport.write(self._early)
        if self._at_end:
            self._transport.write_eof()

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.send(data)

    def eof_received(self) -> bool:
        if self.other is not None:
            self.other.send_end()
            if self.other._at_end and self._at_end:
                self._finish()
        return True

    def pause_writing(self) -> None:
        if self.other is not None and self.other._transport is not None:
            self.other._transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other._transport is not None:
            self.other._transport.resume_reading()

    def connection_lost(self, _: Exception | None) -> None:
        self._finish()

    def send(self, data: bytes) -> None:
        if self._transport is None:
            self._early += data  # the container spoke first; the client's transport is a moment away
        else:
            self._transport.write(data)

    def send_end(self) -> None:
        self._at_end = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _finish(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


class UdpRelay:
    """Gives each client a socket of its own towards the container, so that answers find their way."""

    def __init__(self, bound: socket.socket, target: tuple[str, int]) -> None:
        self._bound = bound
        self._target = target
        self._loop = asyncio.get_running_loop()
        self._clients: dict[Any, tuple[socket.socket, float]] = {}
        self._sweep = self._loop.call_later(_UDP_IDLE_SECONDS, self._forget_idle)
        self._loop.add_reader(bound.fileno(), self._from_client)

    def close(self) -> None:
        """Idempotent."""
        self._sweep.cancel()
        for client in list(self._clients):
            self._forget(client)
        if self._bound.fileno() >= 0:
            self._loop.remove_reader(self._bound.fileno())
            self._bound.close()

    def _from_client(self) -> None:
        try:
            data, client = self._bound.recvfrom(_DATAGRAM_BYTES)
            upstream = self._upstream(client)
            if upstream is not None:
                upstream.send(data)
        except OSError:
            return  # datagrams may be lost (udp(7)): an error of an earlier one, or a full buffer

    # A client is its IPv6 socket address: (host, port, flow, scope), which typeshed leaves open.
    def _upstream(self, client: Any) -> socket.socket | None:
        known = self._clients.get(client)
        if known is None:
            if len(self._clients) >= _MAX_UDP_CLIENTS:
                return None
            family = socket.AF_INET6 if ":" in self._target[0] else socket.AF_INET
            upstream = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
            upstream.connect(self._target)
            self._loop.add_reader(upstream.fileno(), self._from_container, upstream, client)
        else:
            upstream = known[0]
        self._clients[client] = (upstream, self._loop.time())
        return upstream

    def _from_container(self, upstream: socket.socket, client: Any) -> None:
        try:
            self._bound.sendto(upstream.recv(_DATAGRAM_BYTES), client)
        except OSError:
            return  # ICMP said that nobody listens, or the client is gone: as if the datagram was lost

    def _forget_idle(self) -> None:
        oldest = self._loop.time() - _UDP_IDLE_SECONDS
        for client, (_, used) in list(self._clients.items()):
            if used < oldest:
                self._forget(client)
        self._sweep = self._loop.call_later(_UDP_IDLE_SECONDS, self._forget_idle)

    def _forget(self, client: Any) -> None:
        upstream, _ = self._clients.pop(client)
        self._loop.remove_reader(upstream.fileno())
        upstream.close()
