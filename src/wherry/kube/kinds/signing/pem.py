"""PEM, as Go's encoding/pem reads it: blocks in a text; what stands between them is passed over."""

import base64
import binascii
from collections.abc import Iterator, Sequence

import msgspec

_BEGIN, _END, _DASHES = b"-----BEGIN ", b"-----END ", b"-----"


class Block(msgspec.Struct, frozen=True):
    type: str
    headers: bool
    der: bytes


def blocks(data: bytes) -> Iterator[Block]:
    """Blocks that are no base64, or have no end, are passed over. Takes as long as the text is long."""
    kind: bytes | None = None
    lines: list[bytes] = []
    for line in data.split(b"\n"):
        text = line.rstrip(b" \t\r")
        if text.startswith(_BEGIN) and text.endswith(_DASHES) and len(text) >= len(_BEGIN + _DASHES):
            kind, lines = text[len(_BEGIN) : -len(_DASHES)], []
        elif kind is not None and text == _END + kind + _DASHES:
            block = _decoded(kind, lines)
            if block is not None:
                yield block
            kind = None
        elif kind is not None:
            lines.append(text)


def _decoded(kind: bytes, lines: Sequence[bytes]) -> Block | None:
    headers = next((number for number, line in enumerate(lines) if b":" not in line), len(lines))
    try:
        der = base64.b64decode(b"".join(line.strip() for line in lines[headers:]), validate=True)
    except binascii.Error:
        return None
    return Block(kind.decode("utf-8", "replace"), headers > 0, der)


def of_base64(text: str) -> bytes:
    """What a field of bytes holds; nothing where it is no base64 (its schema has been checked)."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
