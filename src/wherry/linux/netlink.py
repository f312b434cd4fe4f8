"""Netlink messages: a socket, attributes, acknowledgements (netlink(7), RFC 3549).

Why not pyroute2: importing any part of it runs its package's ``__init__``, which loads all of it. Measured on
Python 3.11: 12.6 MB of memory and 90 to 150 ms, of the 70 MB and 500 ms that a whole idle engine may use. The few
messages that Wherry sends fit in this module and :mod:`wherry.linux.links`, without a dependency.
"""

import errno
import os
import socket
import struct
import sys
from collections.abc import Iterator

import msgspec

from wherry.linux.errors import KernelError
from wherry.linux.syscalls import setns

# include/uapi/linux/netlink.h
NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12
NLM_F_REQUEST, NLM_F_ACK = 0x1, 0x4
NLM_F_EXCL, NLM_F_CREATE, NLM_F_REPLACE = 0x200, 0x400, 0x100
NLM_F_DUMP = 0x300
NLM_F_DUMP_INTR = 0x10
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED = 0x8000
_NLA_TYPE_MASK = 0x3FFF
_SOL_NETLINK, _NETLINK_EXT_ACK = 270, 11
_NLM_F_CAPPED, _NLM_F_ACK_TLVS = 0x100, 0x200
_NLMSGERR_ATTR_MSG = 1
_CLONE_NEWNET = 0x40000000

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
# A dump's part never exceeds 32 KiB (netlink(7), NLMSG_GOODSIZE and the kernel's max_recvmsg_len).
_RECEIVE_BYTES = 65536


class Message(msgspec.Struct, frozen=True):
    """One answer: its type and what follows the netlink header."""

    kind: int
    flags: int
    payload: bytes


def attribute(kind: int, value: bytes) -> bytes:
    """A type-length-value, padded to 4 bytes (NLA_ALIGNTO)."""
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (-length % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    return attribute(kind | NLA_F_NESTED, b"".join(attributes))


def text(kind: int, value: str) -> bytes:
    return attribute(kind, value.encode() + b"\0")


def number(kind: int, value: int) -> bytes:
    """A 32-bit number in the machine's byte order."""
    return attribute(kind, struct.pack("=I", value))


def parse_attributes(data: bytes) -> dict[int, bytes]:
    """The attributes of a message or of a nested one; of a repeated type the last."""
    found: dict[int, bytes] = {}
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size or offset + length > len(data):
            raise ValueError(f"netlink attribute at byte {offset} claims {length} bytes of {len(data) - offset}")
        found[kind & _NLA_TYPE_MASK] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3
    return found


class NetlinkSocket:
    """A netlink socket that asks and waits for the answer. Close it, or use ``with``. For one thread at a time."""

    def __init__(self, protocol: int, netns_fd: int | None = None) -> None:
        """``netns_fd``: speak to that network namespace; the calling thread is in it for a moment."""
        self._socket = _open(protocol) if netns_fd is None else _open_inside(protocol, netns_fd)
        self._sequence = 0

    def request(self, kind: int, payload: bytes, *, flags: int = 0, step: str, name: str | None = None) -> None:
        """Ask for a change and wait for its acknowledgement; raises KernelError with ``step`` and ``name``."""
        self._send(kind, NLM_F_REQUEST | NLM_F_ACK | flags, payload)
        for _ in self._answers(step, name):
            pass

    def get(self, kind: int, payload: bytes, *, step: str, name: str | None = None) -> list[Message]:
        """Ask for one object (and its acknowledgement)."""
        self._send(kind, NLM_F_REQUEST | NLM_F_ACK, payload)
        return list(self._answers(step, name))

    def dump(self, kind: int, payload: bytes, *, step: str) -> list[Message]:
        """Ask for all objects of a kind; asks again when they changed meanwhile (NLM_F_DUMP_INTR)."""
        while True:
            self._send(kind, NLM_F_REQUEST | NLM_F_DUMP, payload)
            messages = list(self._answers(step, None))
            if not any(message.flags & NLM_F_DUMP_INTR for message in messages):
                return messages

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "NetlinkSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, kind: int, flags: int, payload: bytes) -> None:
        self._sequence += 1
        header = _HEADER.pack(_HEADER.size + len(payload), kind, flags, self._sequence, 0)
        self._socket.send(header + payload)

    def _answers(self, step: str, name: str | None) -> Iterator[Message]:
        while True:
            data = self._socket.recv(_RECEIVE_BYTES)
            offset = 0
            while offset + _HEADER.size <= len(data):
                length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
                payload = data[offset + _HEADER.size : offset + length]
                offset += (length + 3) & ~3
                if sequence != self._sequence:
                    continue  # the rest of an answer that an exception cut short
                if kind == NLMSG_ERROR:
                    _raise_error(payload, flags, step, name)
                    return
                if kind == NLMSG_DONE:
                    return
                yield Message(kind, flags, payload)


def _raise_error(payload: bytes, flags: int, step: str, name: str | None) -> None:
    """An acknowledgement is an error of number 0."""
    code = -int.from_bytes(payload[:4], sys.byteorder, signed=True)
    if code == 0:
        return
    reason = _extended_reason(payload, flags)
    raise KernelError(code, f"{step} ({reason})" if reason else step, name)


def _extended_reason(payload: bytes, flags: int) -> str:
    """The kernel's own words, when it has some (NETLINK_EXT_ACK, Linux 4.12)."""
    if not flags & _NLM_F_ACK_TLVS:
        return ""
    length = _HEADER.unpack_from(payload, 4)[0]
    skipped = 4 + (_HEADER.size if flags & _NLM_F_CAPPED else (length + 3) & ~3)
    return parse_attributes(payload[skipped:]).get(_NLMSGERR_ATTR_MSG, b"").rstrip(b"\0").decode(errors="replace")


def _open(protocol: int) -> socket.socket:
    try:
        opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    except OSError as error:
        raise KernelError(error.errno or errno.EIO, "open netlink socket") from error
    opened.setsockopt(_SOL_NETLINK, _NETLINK_EXT_ACK, 1)
    return opened


def _open_inside(protocol: int, netns_fd: int) -> socket.socket:
    with inside(netns_fd):
        return _open(protocol)


class inside:
    """``with inside(netns_fd):`` the calling thread is in that network namespace.

    A socket made there stays there, and ``/proc/sys/net`` shows that namespace's settings (``/proc/thread-self``
    decides, not the process). The thread must not wait for anything inside: on an event loop's thread other work
    would run in the wrong namespace. Leaving cannot fail: the descriptor of the way back is opened first.
    """

    def __init__(self, netns_fd: int) -> None:
        self._target = netns_fd

    def __enter__(self) -> None:
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            setns(self._target, _CLONE_NEWNET, "enter network namespace")
        except BaseException:
            os.close(self._home)
            raise

    def __exit__(self, *_: object) -> None:
        try:
            setns(self._home, _CLONE_NEWNET, "leave network namespace")
        finally:
            os.close(self._home)
