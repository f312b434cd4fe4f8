"""Messages between node, spawner, shim and init: JSON over SOCK_SEQPACKET, with descriptors beside it.

A message is an object; ``fds`` names its descriptors, in order. A large one travels in a memfd. Nothing here but the
standard library: the spawner imports it.
"""

import array
import json
import os
import socket
from typing import Any

Message = dict[str, Any]

_INLINE_BYTES = 65536
_MAX_FDS = 253  # SCM_MAX_FD, include/net/scm.h
_FD_SPACE = socket.CMSG_SPACE((_MAX_FDS + 1) * array.array("i").itemsize)


class Received:
    """A message and the descriptors that came with it; whatever is not taken is closed by :meth:`close`."""

    __slots__ = ("fds", "message")

    def __init__(self, message: Message, fds: dict[str, int]) -> None:
        self.message = message
        self.fds = fds

    def take(self, name: str) -> int | None:
        """The descriptor of that name, now the caller's; None when there is none."""
        return self.fds.pop(name, None)

    def close(self) -> None:
        for fd in self.fds.values():
            os.close(fd)
        self.fds = {}


def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(sock: socket.socket, message: Message, fds: dict[str, int] | None = None) -> None:
    """Send a message; the descriptors stay the caller's. OSError when the peer is gone or there are too many."""
    names = list(fds or ())
    if len(names) >= _MAX_FDS:
        raise OSError(7, f"{len(names)} descriptors in one message (at most {_MAX_FDS - 1})")
    numbers = [fds[name] for name in names] if fds else []
    data = json.dumps({**message, "fds": names} if names else message, separators=(",", ":")).encode()
    if len(data) <= _INLINE_BYTES:
        _send(sock, data, numbers)
        return
    payload = os.memfd_create("message", os.MFD_CLOEXEC)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(payload, view) :]
        _send(sock, b"", [payload, *numbers])
    finally:
        os.close(payload)


def _send(sock: socket.socket, data: bytes, numbers: list[int]) -> None:
    # An empty packet reads as the end of the stream: a leading byte tells the two forms apart.
    packet = b"J" + data if data else b"M"
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", numbers))] if numbers else []
    sock.sendmsg([packet], ancillary, socket.MSG_NOSIGNAL)


def receive(sock: socket.socket) -> Received | None:
    """The next message; None when the peer has closed. BlockingIOError when there is none yet."""
    data, ancillary, _flags, _address = sock.recvmsg(_INLINE_BYTES + 1, _FD_SPACE, socket.MSG_CMSG_CLOEXEC)
    numbers = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
    if not data:
        return None
    taken = numbers.tolist()
    if data == b"M":
        payload = taken.pop(0)
        try:
            body = os.pread(payload, os.fstat(payload).st_size, 0)
        finally:
            os.close(payload)
    else:
        body = data[1:]
    message: Message = json.loads(body)
    return Received(message, dict(zip(message.pop("fds", ()), taken, strict=False)))
