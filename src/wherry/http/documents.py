"""JSON that is sent."""

from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def encode(document: Any) -> bytes:  # Any: whatever msgspec encodes
    """As JSON. Names of files may be no Unicode: what is none becomes U+FFFD, as Go's encoding/json has it."""
    try:
        return _encode(document)
    except UnicodeEncodeError:
        return _encode(_readable(msgspec.to_builtins(document)))


def _readable(document: Any) -> Any:
    if isinstance(document, str):
        return document.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(document, dict):
        return {_readable(name): _readable(value) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [_readable(value) for value in document]
    return document
