"""Where the frames of a WebSocket end, in bytes that are only passed on (RFC 6455 5.2)."""

_LENGTH_BYTES = {126: 2, 127: 8}
"""Of the length that follows, where the second byte says one of these."""
_MASK_BYTES = 4
_MASKED = 0x80


class Frames:
    """Of one direction of one connection, from its first byte behind the handshake."""

    def __init__(self) -> None:
        self._left = 0
        """So much of the payload is still to come."""
        self._head = b""
        """The beginning of a head whose rest is still to come."""

    def split(self, data: bytes) -> list[bytes]:
        """The same bytes, in pieces none of which has parts of two frames."""
        found, begun = [], 0
        at = self._skip(data, 0)
        while at < len(data):
            if self._left == 0 and not self._head and at > begun:
                found.append(data[begun:at])
                begun = at
            at = self._skip(data, self._read_head(data, at))
        found.append(data[begun:])
        return found

    def _skip(self, data: bytes, at: int) -> int:
        """Behind what there is of the payload."""
        taken = min(self._left, len(data) - at)
        self._left -= taken
        return at + taken

    def _read_head(self, data: bytes, at: int) -> int:
        """Behind what there is of the head."""
        before = len(self._head)
        self._head += data[at : at + 2 + 8 + _MASK_BYTES - before]
        size = _head_bytes(self._head)
        if size > len(self._head):
            return len(data)
        self._left = _payload_bytes(self._head)
        self._head = b""
        return at + size - before


def _head_bytes(head: bytes) -> int:
    """How long a head is that begins so; at least two."""
    if len(head) < 2:
        return 2
    return 2 + _LENGTH_BYTES.get(head[1] & ~_MASKED, 0) + (_MASK_BYTES if head[1] & _MASKED else 0)


def _payload_bytes(head: bytes) -> int:
    short = head[1] & ~_MASKED
    more = _LENGTH_BYTES.get(short)
    return short if more is None else int.from_bytes(head[2 : 2 + more])
