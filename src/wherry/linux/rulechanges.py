"""Who changes packet rules: the kernel tells every change of nftables to whoever listens (NFNLGRP_NFTABLES).

Each transaction that takes effect has a number, the next one (its *generation*). Numbers:
include/uapi/linux/netfilter/nf_tables.h.
"""

import errno
import socket
import struct
from collections.abc import Collection
from dataclasses import dataclass

from wherry.linux.errors import KernelError
from wherry.linux.netlink import NETLINK_NETFILTER, NetlinkSocket, parse_attributes

_SUBSYSTEM = 10
_DELETE_TABLE, _NEW_TABLE, _NEW_GENERATION, _GET_GENERATION = 2, 0, 15, 16
_NAME, _GENERATION = 1, 1  # of whatever kind of object, the first attribute is the table's name
_GROUP = 7
_SOL_NETLINK, _ADD_MEMBERSHIP, _RCVBUFFORCE = 270, 1, 33
_BUFFER_BYTES = 1 << 20
_HEADER = struct.Struct("=IHHII")
_GENERIC = struct.Struct("!BBH")
_MOST_READ_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Changed:
    """A transaction changed something of ``table``; ``gone``: it is not there any more (of at least one family).

    ``table`` empty: changes were missed, everything may be different.
    """

    table: str
    generation: int
    gone: bool = False


MISSED = Changed("", 0)


class Generations:
    """Asks for the number of the last transaction in the network namespace in which it was made. Close it.

    One for many questions: closing a socket of netfilter waits until the kernel has cleared up behind the last
    transaction, ten milliseconds and more (nft_rcv_nl_event).
    """

    def __init__(self) -> None:
        self._netlink = NetlinkSocket(NETLINK_NETFILTER)

    def last(self) -> int:
        kind, step = _SUBSYSTEM << 8 | _GET_GENERATION, "ask for generation"
        answers = self._netlink.get(kind, _GENERIC.pack(0, 0, 0), step=step)
        return int.from_bytes(parse_attributes(answers[0].payload[_GENERIC.size :])[_GENERATION], "big")

    def close(self) -> None:
        self._netlink.close()

    def __enter__(self) -> "Generations":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RuleChanges:
    """Listens from now on. ``fd`` becomes readable when there is something to :meth:`read`. Close it, or use
    ``with``."""

    def __init__(self, tables: Collection[str]) -> None:
        """Raises KernelError where listening is not allowed."""
        self._tables = frozenset(tables)
        self._touched: dict[str, bool] = {}
        try:
            self._socket = socket.socket(
                socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, NETLINK_NETFILTER
            )
            try:  # room for a transaction of thousands of elements; without it they are missed, and it is told
                self._socket.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _BUFFER_BYTES)
            except PermissionError:
                pass
            self._socket.bind((0, 0))  # who has no address is told nothing
            self._socket.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, _GROUP)
        except OSError as error:
            raise KernelError(error.errno or errno.EIO, "listen to changes of packet rules") from error

    @property
    def fd(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "RuleChanges":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> list[Changed]:
        """What has happened since, in order; nothing when nothing has."""
        found: list[Changed] = []
        while True:
            try:
                data = self._socket.recv(_MOST_READ_BYTES)
            except BlockingIOError:
                return found
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise KernelError(error.errno or errno.EIO, "read changes of packet rules") from error
                self._touched.clear()
                found.append(MISSED)
                continue
            self._take(data, found)

    def _take(self, data: bytes, found: list[Changed]) -> None:
        offset = 0
        while offset + _HEADER.size <= len(data):
            length, kind, *_ = _HEADER.unpack_from(data, offset)
            payload = data[offset + _HEADER.size + _GENERIC.size : offset + length]
            offset += (length + 3) & ~3
            if kind >> 8 == _SUBSYSTEM:
                self._message(kind & 0xFF, payload, found)

    def _message(self, kind: int, payload: bytes, found: list[Changed]) -> None:
        """The objects of a transaction come first, its number last."""
        value = parse_attributes(payload).get(_NAME, b"")
        if kind == _NEW_GENERATION:
            number = int.from_bytes(value, "big")
            found += [Changed(table, number, gone) for table, gone in self._touched.items()]
            self._touched.clear()
            return
        name = value.rstrip(b"\0").decode(errors="replace")
        if name in self._tables:
            gone = self._touched.get(name, False)
            self._touched[name] = kind == _DELETE_TABLE or (gone and kind != _NEW_TABLE)
