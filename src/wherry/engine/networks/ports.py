"""Which host port a container's port gets, and holding it.

A published port is *held*: a real socket is bound to it, so that other programs get EADDRINUSE and a port that another
program has is refused. The packets do not come through that socket but through the nft rules, which go on while the
daemon is dead; what is lost then, until the next start binds the sockets again, is only the holding.

Alternatives weighed: *nft only* steals the ports of other programs silently; a *bound socket that does not listen*
holds as well, but turns away what no rule catches; a *proxy process a port* (Docker's) costs memory for each port. So a
TCP socket listens, and the node relays what comes through it: IPv6, for containers that have only IPv4, of pods what
comes by IPv6 from this machine itself, and loopback connections from other sources than 127.0.0.1. See :mod:`.proxy`.
"""

import errno
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import Protocol

from wherry.engine.networks.model import PortBinding, Publication
from wherry.kit.errors import Conflict, Invalid

# net.ipv4.ip_local_port_range's default; Docker's range of ephemeral ports (libnetwork/portallocator).
EPHEMERAL = range(32768, 61000)
_IPPROTO_SCTP = 132
_TYPES = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "sctp": (socket.SOCK_STREAM, _IPPROTO_SCTP),
}
_FAMILY_ABSENT = (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT)


class Held(Protocol):
    """A port that is ours until closed."""

    def close(self) -> None: ...


Hold = Callable[[Publication], Held | None]
"""Takes a port; None when this machine has no such protocol. Raises OSError as bind(2) does."""


class Ports:
    """The host ports of one instance's containers. On the event loop's thread."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._held: dict[Publication, Held | None] = {}
        self._next_ephemeral = EPHEMERAL.start

    def claim(self, address: str, bindings: Iterable[PortBinding], address6: str = "") -> list[Publication]:
        """Choose and hold a host port for each; all or none. ``address6`` empty: the container has none.

        A binding to every address becomes one publication a family, of the same port. Conflict in Docker's words
        when a fixed port (or a whole range) is taken, Invalid when the host address is not this machine's.
        """
        claimed: list[Publication] = []
        try:
            for binding in bindings:
                claimed += self._claim_one(address, binding, address6 if binding.keeps_family else "")
        except BaseException:
            self.release(claimed)
            raise
        return claimed

    def reclaim(self, publications: Iterable[Publication]) -> list[Publication]:
        """Hold again what was published before a restart; returns those that somebody took meanwhile."""
        lost = []
        for publication in publications:
            if publication in self._held:
                continue
            try:
                self._held[publication] = self._hold(publication)
            except OSError:
                lost.append(publication)
        return lost

    def release(self, publications: Iterable[Publication]) -> None:
        """Idempotent."""
        for publication in publications:
            held = self._held.pop(publication, None)
            if held is not None:
                held.close()

    def _claim_one(self, address: str, binding: PortBinding, address6: str) -> list[Publication]:
        refusal: OSError | None = None
        for port in self._candidates(binding):
            try:
                return self._hold_families((address, address6 or address), binding, port)
            except OSError as error:
                refusal = error
                if error.errno != errno.EADDRINUSE:
                    break
        raise self._refused(address, binding, refusal)

    def _candidates(self, binding: PortBinding) -> Iterator[int]:
        if binding.host_port:
            yield from range(binding.host_port, max(binding.host_port, binding.host_port_end) + 1)
            return
        for _ in EPHEMERAL:
            port = self._next_ephemeral
            self._next_ephemeral = port + 1 if port + 1 in EPHEMERAL else EPHEMERAL.start
            yield port

    def _hold_families(self, addresses: tuple[str, str], binding: PortBinding, port: int) -> list[Publication]:
        """``addresses``: where what comes by IPv4 goes, and what comes by IPv6."""
        taken: list[Publication] = []
        try:
            for host in host_addresses(binding):
                address = addresses[":" in host]
                publication = Publication(binding.protocol, host, port, address, binding.container_port)
                self._hold_one(publication, optional=len(taken) > 0)
                taken.append(publication)
        except OSError:
            self.release(taken)
            raise
        return [publication for publication in taken if publication in self._held]

    def _hold_one(self, publication: Publication, optional: bool) -> None:
        """``optional``: IPv6 beside IPv4, which a machine need not have."""
        try:
            held = self._hold(publication)
        except OSError as error:
            if optional and error.errno in (*_FAMILY_ABSENT, errno.EADDRNOTAVAIL):
                return
            raise
        if held is not None or not publication.is_ipv6:
            self._held[publication] = held

    def _refused(self, address: str, binding: PortBinding, refusal: OSError | None) -> Conflict | Invalid:
        host = binding.host_address or "0.0.0.0"
        port = f"{binding.host_port}-{binding.host_port_end}" if binding.host_port_end else f"{binding.host_port}"
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if refusal is not None and refusal.errno == errno.EADDRINUSE and self._is_ours(binding):
            return Conflict(f"Bind for {where} failed: port is already allocated")
        code = refusal.errno if refusal is not None and refusal.errno else errno.EADDRINUSE
        target = f"{address}:{binding.container_port}/{binding.protocol}"
        message = f"failed to bind host port for {where}:{target}: {os.strerror(code).lower()}"
        return Conflict(message) if code == errno.EADDRINUSE else Invalid(message)

    def _is_ours(self, binding: PortBinding) -> bool:
        wanted = range(binding.host_port, max(binding.host_port, binding.host_port_end) + 1)
        return any(held.protocol == binding.protocol and held.host_port in wanted for held in self._held)


def host_addresses(binding: PortBinding) -> Sequence[str]:
    """The host addresses a binding means, one a family. Invalid for what is no address."""
    if not binding.host_address:
        return ("0.0.0.0", "::")
    try:
        return (str(ip_address(binding.host_address)),)
    except ValueError as error:
        raise Invalid(f"invalid IP address: {binding.host_address}") from error


def bind(publication: Publication) -> socket.socket | None:
    """A non-blocking socket bound to the published port; TCP listens. None when the machine lacks the protocol.

    SO_REUSEADDR, because connections of a server that ended stay in TIME_WAIT; a listening socket is exclusive all the
    same (socket(7)). UDP and SCTP do without, since there it would let two programs share the port.
    """
    kind, protocol = _TYPES[publication.protocol]
    family = socket.AF_INET6 if publication.is_ipv6 else socket.AF_INET
    try:
        bound = socket.socket(family, kind | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, protocol)
    except OSError as error:
        if error.errno in _FAMILY_ABSENT:
            return None
        raise
    try:
        if publication.is_ipv6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if publication.protocol == "tcp":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((publication.host_address, publication.host_port))
        if publication.protocol == "tcp":
            bound.listen(128)
    except BaseException:
        bound.close()
        raise
    return bound
