"""``Range`` and ``Content-Range``, as registries use them. Pure."""

import re

from wherry.engine.registry.model import Code, Refused

_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", re.ASCII | re.IGNORECASE)
_CONTENT_RANGE = re.compile(r"(?:bytes[ =])?([0-9]{1,18})-([0-9]{1,18})(?:/(?:[0-9]{1,18}|\*))?", re.ASCII)


class Unsatisfiable(Exception):
    """The blob has no byte of the range."""


def requested(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """Offset and length of the part of a blob that ``Range`` asks for; None: the whole (RFC 9110 §14.2).

    Several ranges at once, or something that is none, are answered with the whole, which that allows. Raises
    Unsatisfiable.
    """
    match = _RANGE.fullmatch(header) if header else None
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        length = min(int(match[2]), size_bytes)
        if not length:
            raise Unsatisfiable
        return size_bytes - length, length
    first, last = int(match[1]), int(match[2]) if match[2] else size_bytes - 1
    if match[2] and last < first:
        return None
    if first >= size_bytes:
        raise Unsatisfiable
    return first, min(last, size_bytes - 1) - first + 1


def chunk(header: str | None, content_length: int | None) -> tuple[int | None, int | None]:
    """Where a chunk begins and how long it is, as far as ``Content-Range`` and ``Content-Length`` tell.

    The specification's form is ``<first>-<last>`` ("Pushing a blob in chunks"); docker's has ``bytes`` before it.
    Refused (RANGE_INVALID, SIZE_INVALID).
    """
    if header is None:
        return None, None
    match = _CONTENT_RANGE.fullmatch(header.strip())
    if match is None or int(match[2]) < int(match[1]) - 1:
        raise Refused(Code.RANGE_INVALID, "Content-Range must be <first>-<last>, both in the chunk")
    first, length = int(match[1]), int(match[2]) - int(match[1]) + 1
    if content_length is not None and content_length != length:
        raise Refused(Code.SIZE_INVALID, f"Content-Range says {length} bytes, Content-Length {content_length}")
    return first, length
