"""The kernel's table of connections: what is there, and forgetting some (ctnetlink).

Numbers: include/uapi/linux/netfilter/nfnetlink_conntrack.h. Addresses are texts, ports numbers.
"""

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address

from wherry.linux.errors import KernelError
from wherry.linux.netlink import NETLINK_NETFILTER, NetlinkSocket, attribute, nested, parse_attributes

UDP = socket.IPPROTO_UDP
_SUBSYSTEM = 1 << 8
_GET, _DELETE = _SUBSYSTEM | 1, _SUBSYSTEM | 2
_GENERIC = struct.Struct("!BBH")  # struct nfgenmsg: family, version, resource
_TUPLE_ORIGINAL, _TUPLE_REPLY, _ID = 1, 2, 12
_TUPLE_ADDRESSES, _TUPLE_PROTOCOL = 1, 2
_SOURCE4, _DESTINATION4, _SOURCE6, _DESTINATION6 = 1, 2, 3, 4
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Flow:
    """What one side sent to begin with, and where its answers come from: another address when it was redirected.

    ``identity`` is for :meth:`Conntrack.forget`.
    """

    protocol: int
    source: str
    destination: str
    port: int
    answering: str
    answering_port: int
    identity: bytes = field(repr=False)


class Conntrack:
    """The connections of the network namespace in which it was made. For one thread at a time; close it.

    Without the right to see them, or without the kernel's part for it, calls raise KernelError.
    """

    def __init__(self) -> None:
        self._netlink = NetlinkSocket(NETLINK_NETFILTER)

    def close(self) -> None:
        self._netlink.close()

    def __enter__(self) -> "Conntrack":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def flows(self, protocol: int = UDP) -> Iterator[Flow]:
        """Those of a protocol that has ports, IPv4 and IPv6."""
        for family in (socket.AF_INET, socket.AF_INET6):
            for message in self._netlink.dump(_GET, _GENERIC.pack(family, 0, 0), step="list connections"):
                flow = _flow(message.payload, protocol)
                if flow is not None:
                    yield flow

    def forget(self, flow: Flow) -> None:
        """Its next packet is one of a new connection. Idempotent."""
        family = socket.AF_INET6 if ":" in flow.destination else socket.AF_INET
        try:
            self._netlink.request(_DELETE, _GENERIC.pack(family, 0, 0) + flow.identity, step="forget connection")
        except KernelError as error:
            if error.errno != errno.ENOENT:
                raise


def _flow(payload: bytes, protocol: int) -> Flow | None:
    attributes = parse_attributes(payload[_GENERIC.size :])
    original = parse_attributes(attributes[_TUPLE_ORIGINAL])
    ports = parse_attributes(original[_TUPLE_PROTOCOL])
    if ports[_NUMBER][0] != protocol or _DESTINATION_PORT not in ports:
        return None
    reply = parse_attributes(attributes[_TUPLE_REPLY])
    there, back = parse_attributes(original[_TUPLE_ADDRESSES]), parse_attributes(reply[_TUPLE_ADDRESSES])
    identity = nested(_TUPLE_ORIGINAL, attributes[_TUPLE_ORIGINAL]) + attribute(_ID, attributes[_ID])
    return Flow(
        protocol,
        _address(there, _SOURCE4, _SOURCE6),
        _address(there, _DESTINATION4, _DESTINATION6),
        _port(ports, _DESTINATION_PORT),
        _address(back, _SOURCE4, _SOURCE6),
        _port(parse_attributes(reply[_TUPLE_PROTOCOL]), _SOURCE_PORT),
        identity,
    )


def _address(attributes: dict[int, bytes], four: int, six: int) -> str:
    return str(ip_address(attributes[four] if four in attributes else attributes[six]))


def _port(attributes: dict[int, bytes], kind: int) -> int:
    return int.from_bytes(attributes[kind], "big")
