"""Bodies of requests to objects: JSON, YAML, protobuf. What is written here is JSON.

What two readers could read differently is found, or refused; what would hurt (depth, huge numbers, aliases) is
refused before it does, in time that grows with the body's length only.
"""

from typing import Any

import msgspec

from wherry.kube.machinery import jsondocs, mediatypes
from wherry.kube.machinery.jsondocs import encode
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, bad_request, unsupported_media_type

ACCEPTED = (mediatypes.JSON, mediatypes.YAML, mediatypes.PROTOBUF)


class Decoded(msgspec.Struct, frozen=True):
    """A body that has been read. ``object`` is new, and the caller's own."""

    object: Object
    duplicates: tuple[str, ...] = ()
    """The fields that the body has more than once, in upstream's words. Of JSON: ``duplicate field "spec.replicas"``;
    of YAML: ``line 10: key "paused" already set in map``."""


def decode(data: bytes, media_type: str) -> Decoded:
    """The object in ``data``; ``media_type`` is a Content-Type with or without parameters (empty: JSON).

    Raises StatusError 400 (not what it is said to be, no object, too deep) and 415.
    """
    kind = media_type if media_type == mediatypes.JSON else mediatypes.content_type(media_type).type
    if kind == mediatypes.JSON:
        document, duplicates = jsondocs.parse_all(data)
        return Decoded(document if type(document) is dict else _object(document), duplicates)
    if kind == mediatypes.YAML:
        from wherry.kube.machinery import yamldocs

        parsed = yamldocs.parse(data)
        return Decoded(_object(parsed.document), parsed.duplicates)
    if kind == mediatypes.PROTOBUF:
        from wherry.kube.machinery import protobuf

        return Decoded(protobuf.decode(data))
    raise unsupported_media_type(ACCEPTED)


def strict_error(texts: tuple[str, ...]) -> str:
    """Duplicates, and unknown fields after them, as the one text of upstream's strict mode."""
    lines = [text for text in texts if text.startswith("line ")]
    others = [text for text in texts if not text.startswith("line ")]
    if lines:
        others.insert(0, "yaml: unmarshal errors:\n" + "\n".join(f"  {line}" for line in lines))
    return f"strict decoding error: {', '.join(others)}"


def _object(document: Any) -> Object:  # any JSON value
    if isinstance(document, dict):
        return document
    kind = {list: "array", str: "string", bool: "bool", type(None): "null"}.get(type(document), "number")
    if document is None:
        raise bad_request("Object 'Kind' is missing in 'null'")
    raise bad_request(
        f"couldn't get version/kind; json parse error: json: cannot unmarshal {kind} into Go value of type struct "
        '{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
    )


__all__ = ["ACCEPTED", "Decoded", "StatusError", "decode", "encode", "strict_error"]
