"""Strict JSON: one document, UTF-8, no numbers that nothing can hold, not deep enough to hurt.

Objects whose keys repeat are read (the last value counts, as in Go); :func:`parse_all` finds them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from wherry.kube.machinery.status import StatusError, bad_request

MAX_DEPTH = 128
"""Arrays and objects in each other. Upstream refuses at 10,000 (Go's encoding/json); what reads objects here is
recursive, and nothing that makes sense comes near."""
MAX_CONTAINERS = 150_000
"""Arrays and objects in all. Each takes up to 232 bytes however short its text is, so that 3 MiB could be 200 MB; an
object of a megabyte that means something has some 10,000."""
MAX_VALUES = 300_000
"""Elements of arrays and entries of objects, likewise: what is wrong with each would be said of each."""
MANY = 4000
"""So many take some thousandths of a second to read, to check, and to note whose they are."""
MAX_DUPLICATES = 100
"""So many are found at most, as upstream (sigs.k8s.io/json)."""
_FEW_KEYS = 16
"""With more, some are deep in the document as a rule."""
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_UNFIT = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError)

# Python's words of what is wrong → Go's (encoding/json scanner.go), for the character at that place.
_WORDS = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair or array element",
    "Extra data": "after top-level value",
    "Invalid control character at": "in string literal",
    "Invalid \\escape": "in string escape code",
    "Invalid \\uXXXX escape": "in \\u hexadecimal character escape",
}


def parse(data: bytes, limit: int = MAX_DEPTH) -> Any:  # any JSON value
    """The document, at most ``limit`` deep. Raises StatusError 400 with what is wrong with it."""
    return _document(data, data.count(b":"), limit)


def parse_all(data: bytes) -> tuple[Any, tuple[str, ...]]:
    """The document, as :func:`parse` gives it, and the fields that ``data`` has more than once, as upstream says them:
    ``duplicate field "spec.replicas"``. Raises StatusError 400."""
    colons = data.count(b":")
    document = _document(data, colons, MAX_DEPTH)
    return document, () if _has_all(data, colons, document) else _duplicates(data)


def _document(data: bytes, colons: int, limit: int) -> Any:
    if len(data) > MAX_CONTAINERS:
        _check_numbers(data)
    try:
        document = _decode(data)
    except _UNFIT as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {_reason(data, error)}") from error
    # What is in an object has a colon before it, what is in an array has that around it: the depth is one more at most.
    arrays = data.count(b"[") if b"[" in data else 0  # none is seen sooner than counted
    if colons + arrays >= limit and data.count(b"{") + arrays > limit:
        check_depth(document, limit)
    return document


def encode(document: Any) -> bytes:  # any JSON value
    """As compact JSON."""
    return _encode(document)


def check_depth(document: Any, limit: int = MAX_DEPTH) -> None:
    """Raises StatusError 400 when the document is deeper than ``limit``. Does not recurse."""
    level = [document] if isinstance(document, dict | list) else []
    for _ in range(limit):
        level = [
            each
            for container in level
            for each in (container.values() if type(container) is dict else container)
            if type(each) is dict or type(each) is list
        ]
        if not level:
            return
    raise too_deep()


def has_many(data: bytes) -> bool:
    """Whether there may be more than :data:`MANY` values in a document, or arrays or objects: a megabyte of one text is
    looked through for that in a tenth of the time of counting."""
    return any(_has_many(data, sign) for sign in (b",", b"[", b"{"))


def _has_many(data: bytes, sign: bytes) -> bool:
    at, find = -1, data.find
    for _ in range(MANY):
        at = find(sign, at + 1)
        if at < 0:
            return False
    return True


def _check_numbers(data: bytes) -> None:
    if not has_many(data):
        return
    if data.count(b"{") + data.count(b"[") <= MAX_CONTAINERS and data.count(b",") <= MAX_VALUES:
        return
    bare = _STRINGS.sub(b"", data)
    if bare.count(b"{") + bare.count(b"[") > MAX_CONTAINERS:
        raise too_many()
    if bare.count(b",") > MAX_VALUES:
        raise too_many_values()


_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def too_many() -> StatusError:
    return bad_request(f"couldn't read the body: more than {MAX_CONTAINERS} arrays and objects")


def too_many_values() -> StatusError:
    return bad_request(f"couldn't read the body: more than {MAX_VALUES} values")


def too_deep() -> StatusError:
    return bad_request(f"couldn't get version/kind; json parse error: exceeded max depth of {MAX_DEPTH}")


def _reason(data: bytes, error: Exception) -> str:
    """Go's words, as far as Python's own reader sees the same fault."""
    if isinstance(error, RecursionError):
        return f"exceeded max depth of {MAX_DEPTH}"
    try:
        json.loads(data.decode())
    except UnicodeDecodeError as found:
        return f"invalid UTF-8 at byte {found.start}"
    except json.JSONDecodeError as found:
        if found.pos >= len(found.doc) or found.msg.startswith("Unterminated string"):
            return "unexpected end of JSON input"
        where = _WORDS.get(found.msg, "looking for beginning of value")
        return f"invalid character {_quoted(found.doc[found.pos])} {where} at character {found.pos}"
    except (ValueError, RecursionError):
        pass  # it sees another fault, or none: it reads NaN
    return str(error)


def _quoted(character: str) -> str:
    return "'\"'" if character == '"' else repr(character)


def _has_all(data: bytes, colons: int, document: Any) -> bool:
    """Whether every key in ``data``, which has that many colons, is in the document read from it: none comes twice.

    Cheap where that is so. A colon for each key that is known of leaves none for another; what is written as it was
    read has lost nothing; and else a key that was lost is a colon that was lost, as nothing else makes colons fewer and
    only an escaped one makes them more.
    """
    if colons < _FEW_KEYS and type(document) is dict:
        known = len(document)
        for each in document.values():
            if type(each) is dict:
                known += len(each)
        if known == colons:
            return True
    written = encode(document)
    if data.startswith(written):  # only spaces can follow
        return True
    return colons == written.count(b":") and (b"\\" not in data or not _ESCAPED_COLON.search(data))


def _duplicates(data: bytes) -> tuple[str, ...]:
    pairs = json.JSONDecoder(object_pairs_hook=_Pairs).decode(data.decode())
    found: dict[str, None] = {}
    for path in _repeated(pairs):
        found.setdefault(f'duplicate field "{path}"')
        if len(found) >= MAX_DUPLICATES:
            break
    return tuple(found)


_ESCAPED_COLON = re.compile(rb"\\u003[aA]")


class _Pairs(tuple[tuple[str, Any], ...]):
    """An object with all its pairs. (A list of JSON is a list.)"""


def _repeated(document: Any) -> Iterator[str]:
    """Paths of repeated keys in the order of the text. Does not recurse."""
    waiting: list[Iterator[tuple[str, Any]]] = [_below("", document)]
    seen: list[set[str]] = [set()]
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
            seen.pop()
            continue
        path, value = found
        if path in seen[-1]:
            yield path
        seen[-1].add(path)
        if isinstance(value, list | _Pairs):
            waiting.append(_below(path, value))
            seen.append(set())


def _below(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, _Pairs):
        return ((f"{path}.{key}" if path else key, each) for key, each in value)
    if isinstance(value, list):
        return ((f"{path}[{index}]", each) for index, each in enumerate(value))
    return iter(())
