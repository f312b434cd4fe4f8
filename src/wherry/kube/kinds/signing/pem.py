"""PEM, as Go's encoding/pem reads it: blocks in a text; what stands between them is passed over."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(
    rb"^-----BEGIN ([^\n-]*(?:-[^\n-]+)*)-----[ \t\r]*\n(.*?)^-----END \1-----[ \t\r]*$", re.DOTALL | re.MULTILINE
)
_HEADER = re.compile(rb"([^\n:]*):([^\n]*)\n")


@dataclass(frozen=True, slots=True)
class Block:
    type: str
    headers: bool
    der: bytes


def blocks(data: bytes) -> Iterator[Block]:
    """Blocks that are no base64 are passed over."""
    for found in _BLOCK.finditer(data):
        body, position = found.group(2), 0
        while header := _HEADER.match(body, position):
            position = header.end()
        try:
            der = base64.b64decode(b"".join(body[position:].split()), validate=True)
        except binascii.Error:
            continue
        yield Block(found.group(1).decode("utf-8", "replace"), position > 0, der)


def of_base64(text: str) -> bytes:
    """What a field of bytes holds; nothing where it is no base64 (its schema has been checked)."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
