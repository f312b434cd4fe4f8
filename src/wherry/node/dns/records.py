"""Resource records, and what is put in them (RFC 1035 §3.3, RFC 2782, RFC 3596)."""

import struct
from enum import IntEnum
from ipaddress import ip_address
from typing import NamedTuple

from wherry.node.dns.names import Name, wire


class Type(IntEnum):
    """Those that are answered here or read closely; others are numbers."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    HINFO = 13
    MX = 15
    TXT = 16
    AAAA = 28
    SRV = 33
    OPT = 41
    IXFR = 251
    AXFR = 252
    ANY = 255


class Code(IntEnum):
    """RCODE (RFC 1035 §4.1.1, RFC 6891 §9)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16


INTERNET = 1
_SOA = struct.Struct("!IIIII")
_SRV = struct.Struct("!HHH")


class Record(NamedTuple):
    """``data`` as on the wire, names in it uncompressed."""

    name: Name
    type: int
    ttl: int
    data: bytes


def address(name: Name, found: str, ttl: int) -> Record:
    """A or AAAA, as the address is."""
    packed = ip_address(found).packed
    return Record(name, Type.A if len(packed) == 4 else Type.AAAA, ttl, packed)


def alias(name: Name, target: Name, ttl: int) -> Record:
    return Record(name, Type.CNAME, ttl, wire(target))


def pointer(name: Name, target: Name, ttl: int) -> Record:
    return Record(name, Type.PTR, ttl, wire(target))


def server(name: Name, target: Name, ttl: int) -> Record:
    return Record(name, Type.NS, ttl, wire(target))


def service(name: Name, port: int, target: Name, ttl: int, weight: int = 100) -> Record:
    """SRV, of priority 0."""
    return Record(name, Type.SRV, ttl, _SRV.pack(0, weight, port) + wire(target))


def text(name: Name, content: bytes, ttl: int) -> Record:
    return Record(name, Type.TXT, ttl, bytes((len(content),)) + content)


def authority(zone: Name, primary: Name, mailbox: Name, ttl: int) -> Record:
    """SOA. ``ttl`` is also for how long a negative answer holds (RFC 2308 §4)."""
    return Record(zone, Type.SOA, ttl, wire(primary) + wire(mailbox) + _SOA.pack(1, 7200, 1800, 86400, ttl))
