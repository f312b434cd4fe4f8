"""Request bodies: strict JSON into typed structures, and limits.

Two readers of one body must never see different things (CVE-2024-41110, CVE-2026-34040 and kin), so a body with
duplicate keys, a byte-order mark, another encoding than UTF-8 or anything behind the value is refused. Field names are
matched as Go's encoding/json does, ignoring case, because Docker's own clients may rely on it; two spellings of one
field are duplicates. ``null`` for a field means that the field is absent, as in Go.
"""

import json
from collections.abc import AsyncIterator
from functools import lru_cache
from types import UnionType
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web

from wherry.kit.errors import Invalid

MAX_JSON_BYTES = 4 * 1024 * 1024

T = TypeVar("T")


async def read_body(request: web.BaseRequest, limit_bytes: int = MAX_JSON_BYTES) -> bytes:
    """The whole body; raises Invalid when it is longer than ``limit_bytes``."""
    length = request.content_length
    if length == 0 or not request.body_exists:
        return b""
    if length is not None and length > limit_bytes:
        raise Invalid(f"request body of {length} bytes is too large: at most {limit_bytes} bytes are read")
    if length is not None and request.content.is_eof():
        return request.content.read_nowait()  # all of it has come with the head
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit_bytes:
            raise Invalid(f"request body is too large: at most {limit_bytes} bytes are read")
    return bytes(body)


async def read_json(request: web.BaseRequest, kind: type[T]) -> T | None:
    """The JSON body as ``kind``; None when there is no body. Raises Invalid with what is wrong and where."""
    body = await _json_bytes(request)
    return convert(parse_json(body), kind) if body else None


async def read_document(request: web.BaseRequest) -> Any:
    """The JSON body, parsed but not typed, for :func:`convert`; None when there is no body."""
    body = await _json_bytes(request)
    return parse_json(body) if body else None


async def _json_bytes(request: web.BaseRequest) -> bytes:
    body = await read_body(request)
    content_type = request.headers.get("Content-Type", "")
    if content_type or body:
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Invalid(f"unsupported Content-Type header ({content_type}): must be 'application/json'")
    return body


def parse_json(body: bytes) -> Any:
    """The one document in ``body``; raises Invalid when two readers could see different things in it."""
    try:
        return _decoder.decode(body.decode())
    except UnicodeDecodeError as error:
        raise Invalid(f"invalid JSON: not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise Invalid("invalid JSON: nested too deeply") from error
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise Invalid("unexpected content after JSON") from error
        raise Invalid(f"invalid JSON: {error}") from error
    except ValueError as error:  # a number of thousands of digits
        raise Invalid(f"invalid JSON: {error}") from error


def convert(document: Any, kind: type[T]) -> T:
    """A parsed document as ``kind``; raises Invalid with what is wrong and where."""
    try:
        return msgspec.convert(_named(document, kind), kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"invalid JSON: {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Invalid(f"invalid JSON: duplicate key {json.dumps(twice)}")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise Invalid(f"invalid JSON: {name} is not a JSON value")


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _named(value: Any, kind: Any) -> Any:  # Any: a parsed document against any type
    """``value`` with the field names of ``kind`` in their exact spelling, and without fields that are null."""
    if value is None:
        return None
    if isinstance(value, list):
        item = _item_type(kind, list)
        return value if item is None else [_named(element, item) for element in value]
    if not isinstance(value, dict):
        return value
    fields = _fields(kind)
    if fields is None:
        item = _item_type(kind, dict)
        return value if item is None else {key: _named(element, item) for key, element in value.items()}
    return _named_fields(value, fields)


def _named_fields(value: dict[str, Any], fields: dict[str, tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, element in value.items():
        name, nested = fields.get(key) or fields.get(key.lower(), (key, None))
        if name in document:
            raise Invalid(f"invalid JSON: duplicate key {json.dumps(name)} (field names ignore case)")
        if element is not None:
            document[name] = element if nested is None else _named(element, nested)
    return document


@lru_cache(maxsize=256)
def _fields(kind: Any) -> dict[str, tuple[str, Any]] | None:
    """Encoded and lower-case name → (encoded name, type when it holds structures); None when not a structure."""
    struct = next((part for part in _parts(kind) if isinstance(part, type) and issubclass(part, msgspec.Struct)), None)
    if struct is None:
        return None
    hints = get_type_hints(struct)
    table: dict[str, tuple[str, Any]] = {}
    for field in msgspec.structs.fields(struct):
        nested = hints[field.name] if _holds_struct(hints[field.name]) else None
        entry = (field.encode_name, nested)
        table[field.encode_name] = table[field.encode_name.lower()] = entry
    return table


@lru_cache(maxsize=256)
def _item_type(kind: Any, container: type) -> Any:
    """The element type of a list or mapping type, None when its elements hold no structures."""
    for part in _parts(kind):
        arguments = get_args(part)
        if arguments and _holds_struct(arguments[-1]) and issubclass(get_origin(part) or object, container):
            return arguments[-1]
    return None


def _parts(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


@lru_cache(maxsize=256)
def _holds_struct(kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return True
    return any(_holds_struct(argument) for argument in get_args(kind))


async def body_chunks(request: web.BaseRequest) -> AsyncIterator[bytes]:
    """The body as it arrives, in pieces of any size; raises ConnectionError when the client goes in between."""
    async for chunk in request.content.iter_any():
        yield chunk
