"""Links, addresses and routes of a network namespace by rtnetlink (rtnetlink(7)).

Numbers: include/uapi/linux/{if_link,rtnetlink,if_addr,veth}.h.

Every change is idempotent where the word allows it: adding what is there and deleting what is not are no errors.
"""

import errno
import socket
import struct
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network

import msgspec

from wherry.linux.errors import KernelError
from wherry.linux.netlink import (
    NETLINK_ROUTE,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    NetlinkSocket,
    attribute,
    nested,
    number,
    parse_attributes,
    text,
)

_NEWLINK, _DELLINK, _GETLINK, _SETLINK = 16, 17, 18, 19
_NEWADDR, _DELADDR, _GETADDR, _NEWROUTE, _GETROUTE = 20, 21, 22, 24, 26
_NEWNEIGH, _DELNEIGH, _GETNEIGH = 28, 29, 30

_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER, _IFLA_PROTINFO = 1, 3, 4, 10, 12
_IFLA_LINKINFO, _IFLA_NET_NS_FD = 18, 28
_IFLA_INFO_KIND, _IFLA_INFO_DATA = 1, 2
_VETH_INFO_PEER = 1
_IFLA_BRPORT_MODE, _IFLA_BRPORT_ISOLATED = 4, 33
_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST = 1, 2, 4
_RTA_DST, _RTA_OIF, _RTA_GATEWAY = 1, 4, 5
_RT_TABLE_MAIN, _RTPROT_BOOT, _RT_SCOPE_UNIVERSE, _RTN_UNICAST = 254, 3, 0, 1
_IFF_UP = 0x1
_IFA_F_NODAD, _RTNH_F_ONLINK = 0x2, 0x4
_NUD_PERMANENT, _NDA_DST, _NDA_LLADDR = 0x80, 1, 2

_IFINFO = struct.Struct("=BxHiII")
_IFADDR = struct.Struct("=BBBBI")
_RTMSG = struct.Struct("=BBBBBBBBI")
_NDMSG = struct.Struct("=BxxxiHBB")


class Link(msgspec.Struct, frozen=True):
    """``master`` is the index of the bridge it is a port of, 0 for none; ``kind`` as in ``ip -d link`` ("veth")."""

    index: int
    name: str
    kind: str
    master: int
    mac: str
    up: bool


class VethEnd(msgspec.Struct, frozen=True):
    """The end of a pair inside the container's namespace. ``mtu`` 0: the kernel's choice; else both ends have it."""

    netns_fd: int
    name: str
    mac: str
    mtu: int = 0


class Links:
    """The links of one network namespace: the caller's, or that of ``netns_fd``. Close it, or use ``with``."""

    def __init__(self, netns_fd: int | None = None) -> None:
        self._netlink = NetlinkSocket(NETLINK_ROUTE, netns_fd)

    def __enter__(self) -> "Links":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._netlink.close()

    def get(self, name: str) -> Link | None:
        """The link of that name; None when there is none."""
        try:
            answers = self._netlink.get(_GETLINK, _info() + text(_IFLA_IFNAME, name), step="look up link", name=name)
        except KernelError as error:
            if error.errno == errno.ENODEV:
                return None
            raise
        return _link(answers[0].payload)

    def all(self) -> list[Link]:
        return [_link(message.payload) for message in self._netlink.dump(_GETLINK, _info(), step="list links")]

    def add_bridge(self, name: str, mac: str) -> None:
        """A bridge with a fixed address: without one it would take its lowest port's, and change with it."""
        self._add(_info(), name, text(_IFLA_IFNAME, name), attribute(_IFLA_ADDRESS, _mac(mac)), _linkinfo("bridge"))

    def add_veth(self, name: str, master: int, peer: VethEnd) -> None:
        """A pair whose far end is born inside the other namespace under its final name; one message.

        The near end is a port of ``master`` from the start, so that a crash leaves nothing unowned. Both are down.
        AlreadyExists is KernelError EEXIST.
        """
        far = _info() + text(_IFLA_IFNAME, peer.name) + attribute(_IFLA_ADDRESS, _mac(peer.mac))
        mtu = number(_IFLA_MTU, peer.mtu) if peer.mtu else b""
        far += number(_IFLA_NET_NS_FD, peer.netns_fd) + mtu
        info = _linkinfo("veth", attribute(_VETH_INFO_PEER, far))
        payload = _info() + text(_IFLA_IFNAME, name) + number(_IFLA_MASTER, master) + mtu + info
        self._netlink.request(_NEWLINK, payload, flags=NLM_F_CREATE | NLM_F_EXCL, step="add veth pair", name=name)

    def set_hairpin(self, index: int) -> None:
        """Let the bridge send a frame back through the port it came from (IFLA_BRPORT_MODE)."""
        protinfo = nested(_IFLA_PROTINFO, attribute(_IFLA_BRPORT_MODE, b"\1"))
        self._netlink.request(_SETLINK, _info(index, family=socket.AF_BRIDGE) + protinfo, step="set hairpin mode")

    def set_isolated(self, index: int) -> None:
        """Let the bridge send nothing from this port to others that are isolated (IFLA_BRPORT_ISOLATED)."""
        protinfo = nested(_IFLA_PROTINFO, attribute(_IFLA_BRPORT_ISOLATED, b"\1"))
        self._netlink.request(_SETLINK, _info(index, family=socket.AF_BRIDGE) + protinfo, step="isolate bridge port")

    def set_up(self, index: int, name: str | None = None) -> None:
        payload = _IFINFO.pack(socket.AF_UNSPEC, 0, index, _IFF_UP, _IFF_UP)
        self._netlink.request(_NEWLINK, payload, step="set link up", name=name)

    def delete(self, name: str) -> None:
        """Remove a link (of a veth pair: both ends). Idempotent. Takes milliseconds: the kernel waits for readers."""
        try:
            self._netlink.request(_DELLINK, _info() + text(_IFLA_IFNAME, name), step="delete link", name=name)
        except KernelError as error:
            if error.errno != errno.ENODEV:
                raise

    def add_address(self, index: int, address: IPv4Interface | IPv6Interface) -> None:
        """Idempotent. One of IPv6 is there at once: nobody is asked whether another has it (RFC 4862, 5.4)."""
        packed = address.ip.packed
        is_ipv6 = address.version == 6
        payload = _IFADDR.pack(_family(address), address.network.prefixlen, _IFA_F_NODAD if is_ipv6 else 0, 0, index)
        payload += attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)
        if not is_ipv6:
            payload += attribute(_IFA_BROADCAST, address.network.broadcast_address.packed)
        flags = NLM_F_CREATE | NLM_F_REPLACE
        self._netlink.request(_NEWADDR, payload, flags=flags, step="add address", name=str(address))

    def remove_address(self, index: int, address: IPv4Interface | IPv6Interface) -> None:
        """Idempotent."""
        payload = _IFADDR.pack(_family(address), address.network.prefixlen, 0, 0, index)
        payload += attribute(_IFA_LOCAL, address.ip.packed)
        try:
            self._netlink.request(_DELADDR, payload, step="remove address", name=str(address))
        except KernelError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise

    def addresses(self) -> dict[int, list[IPv4Interface]]:
        """IPv4 addresses by link index."""
        found: dict[int, list[IPv4Interface]] = {}
        for index, prefix, packed in self._addresses(socket.AF_INET):
            found.setdefault(index, []).append(IPv4Interface((packed, prefix)))
        return found

    def addresses6(self) -> dict[int, list[IPv6Interface]]:
        """IPv6 addresses by link index, link-local ones among them."""
        found: dict[int, list[IPv6Interface]] = {}
        for index, prefix, packed in self._addresses(socket.AF_INET6):
            found.setdefault(index, []).append(IPv6Interface((packed, prefix)))
        return found

    def _addresses(self, family: int) -> Iterator[tuple[int, int, bytes]]:
        """Link, prefix length and the address itself. Where the kernel has no IPv6, it answers with all it has."""
        payload = _IFADDR.pack(family, 0, 0, 0, 0)
        for message in self._netlink.dump(_GETADDR, payload, step="list addresses"):
            which, prefix, _, _, index = _IFADDR.unpack_from(message.payload)
            if which == family:
                attributes = parse_attributes(message.payload[_IFADDR.size :])
                yield index, prefix, attributes.get(_IFA_LOCAL) or attributes[_IFA_ADDRESS]

    def add_default_route(self, gateway: IPv4Address | IPv6Address, link: int = 0) -> None:
        """Idempotent. With a ``link``, the gateway is there whatever the link's own addresses are."""
        payload = _route(0, _family(gateway), _RTNH_F_ONLINK if link else 0) + attribute(_RTA_GATEWAY, gateway.packed)
        payload += number(_RTA_OIF, link) if link else b""
        flags = NLM_F_CREATE | NLM_F_REPLACE
        self._netlink.request(_NEWROUTE, payload, flags=flags, step="add default route", name=str(gateway))

    def add_route6(self, destination: IPv6Network, gateway: IPv6Address, link: int) -> None:
        """By a gateway that is on this link, whatever the link's own addresses are. Idempotent."""
        payload = _route(destination.prefixlen, socket.AF_INET6, _RTNH_F_ONLINK) + number(_RTA_OIF, link)
        payload += attribute(_RTA_DST, destination.network_address.packed) + attribute(_RTA_GATEWAY, gateway.packed)
        flags = NLM_F_CREATE | NLM_F_REPLACE
        self._netlink.request(_NEWROUTE, payload, flags=flags, step="add route", name=str(destination))

    def routes(self) -> list[tuple[IPv4Network, int]]:
        """Destinations of the main table with the index of the link they leave by (0: several or none)."""
        return [
            (IPv4Network((packed or bytes(4), prefix)), index) for packed, prefix, index in self._routes(socket.AF_INET)
        ]

    def routes6(self) -> list[tuple[IPv6Network, int]]:
        """The same of IPv6."""
        return [
            (IPv6Network((packed or bytes(16), prefix)), index)
            for packed, prefix, index in self._routes(socket.AF_INET6)
        ]

    def _routes(self, family: int) -> Iterator[tuple[bytes, int, int]]:
        """Destination (empty: any), prefix length, link."""
        for message in self._netlink.dump(_GETROUTE, _route(0, family), step="list routes"):
            which, prefix, _, _, table, *_ = _RTMSG.unpack_from(message.payload)
            if table == _RT_TABLE_MAIN and which == family:
                attributes = parse_attributes(message.payload[_RTMSG.size :])
                index = int.from_bytes(attributes.get(_RTA_OIF, b""), sys.byteorder)
                yield attributes.get(_RTA_DST, b""), prefix, index

    def neighbours(self, index: int) -> dict[IPv6Address, str]:
        """Those that are known for good, with their link addresses."""
        found = {}
        payload = _NDMSG.pack(socket.AF_INET6, index, 0, 0, 0)
        for message in self._netlink.dump(_GETNEIGH, payload, step="list neighbours"):
            family, link, state, _, _ = _NDMSG.unpack_from(message.payload)
            if (family, link) == (socket.AF_INET6, index) and state & _NUD_PERMANENT:
                attributes = parse_attributes(message.payload[_NDMSG.size :])
                found[IPv6Address(attributes[_NDA_DST])] = attributes.get(_NDA_LLADDR, b"").hex(":")
        return found

    def add_neighbour(self, index: int, address: IPv6Address, mac: str) -> None:
        """For good: nobody is asked where it is, and who says that it is elsewhere is not believed. Idempotent."""
        payload = _NDMSG.pack(socket.AF_INET6, index, _NUD_PERMANENT, 0, 0)
        payload += attribute(_NDA_DST, address.packed) + attribute(_NDA_LLADDR, _mac(mac))
        flags = NLM_F_CREATE | NLM_F_REPLACE
        self._netlink.request(_NEWNEIGH, payload, flags=flags, step="add neighbour", name=str(address))

    def remove_neighbour(self, index: int, address: IPv6Address) -> None:
        """Idempotent."""
        payload = _NDMSG.pack(socket.AF_INET6, index, 0, 0, 0) + attribute(_NDA_DST, address.packed)
        try:
            self._netlink.request(_DELNEIGH, payload, step="remove neighbour", name=str(address))
        except KernelError as error:
            if error.errno not in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
                raise

    def _add(self, head: bytes, name: str, *attributes: bytes) -> None:
        try:
            payload = head + b"".join(attributes)
            self._netlink.request(_NEWLINK, payload, flags=NLM_F_CREATE | NLM_F_EXCL, step="add link", name=name)
        except KernelError as error:
            if error.errno != errno.EEXIST:
                raise


def _info(index: int = 0, family: int = socket.AF_UNSPEC) -> bytes:
    return _IFINFO.pack(family, 0, index, 0, 0)


def _family(address: IPv4Address | IPv6Address) -> int:
    return socket.AF_INET6 if address.version == 6 else socket.AF_INET


def _route(prefix: int, family: int, flags: int = 0) -> bytes:
    return _RTMSG.pack(family, prefix, 0, 0, _RT_TABLE_MAIN, _RTPROT_BOOT, _RT_SCOPE_UNIVERSE, _RTN_UNICAST, flags)


def _linkinfo(kind: str, data: bytes = b"") -> bytes:
    inner = [text(_IFLA_INFO_KIND, kind)]
    if data:
        inner.append(nested(_IFLA_INFO_DATA, data))
    return nested(_IFLA_LINKINFO, *inner)


def _mac(address: str) -> bytes:
    return bytes.fromhex(address.replace(":", ""))


def _link(payload: bytes) -> Link:
    _, _, index, flags, _ = _IFINFO.unpack_from(payload)
    attributes = parse_attributes(payload[_IFINFO.size :])
    info = parse_attributes(attributes.get(_IFLA_LINKINFO, b""))
    return Link(
        index=index,
        name=attributes[_IFLA_IFNAME].rstrip(b"\0").decode(),
        kind=info.get(_IFLA_INFO_KIND, b"").rstrip(b"\0").decode(),
        master=int.from_bytes(attributes.get(_IFLA_MASTER, b""), sys.byteorder),
        mac=attributes.get(_IFLA_ADDRESS, b"").hex(":"),
        up=bool(flags & _IFF_UP),
    )
