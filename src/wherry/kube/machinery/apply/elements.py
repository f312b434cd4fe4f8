"""Path elements: the keys of a field set, as FieldsV1 writes them (structured-merge-diff, fieldpath/serialize-pe.go).

``f:<name>`` is a field or an entry of a map, ``k:<json object>`` an element of a list by its keys, ``v:<json value>``
an element of a set, ``i:<number>`` an element by its place. An element is one text, always written the same way, so
that texts can be compared.
"""

import functools
import re
from typing import Any

import msgspec

from wherry.kube.machinery.patches.gotext import quoted, shown

MEMBER = "."
"""The key that makes a node with children a member itself."""
_INDEX = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_ESCAPED = re.compile("[<>&\u2028\u2029]")
_REMEMBERED = 200
"""Longer texts are not cached: the cache is bounded in bytes, too."""
_KINDS = "fkvi"  # fieldpath.PathElement.Compare: fields, then keys, values, indices


def by_value(value: Any) -> str:
    """Of an element of a set."""
    return "v:" + _json(value)


def by_keys(keys: dict[str, Any]) -> str:
    """Of an element of a list; ``keys`` are in the order of their names."""
    return "k:" + _json(keys)


def _json(value: Any) -> str:
    """As Go's encoder writes it: compact, HTML's characters escaped, whole floats as integers."""
    text = msgspec.json.encode(_plain(value)).decode()
    if _ESCAPED.search(text):
        return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e21 else value
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    return [_plain(each) for each in value] if isinstance(value, list) else value


class Unknown(ValueError):
    """An element of a kind that is not known: to be ignored, as upstream does for future ones."""


def parsed(text: str) -> str:
    """The element that a text from elsewhere stands for, in the one way of writing it.

    Raises ValueError for a malformed one, :class:`Unknown` for one of a kind that is not known.
    """
    return _parsed(text) if len(text) <= _REMEMBERED else _parsed.__wrapped__(text)


@functools.lru_cache(maxsize=4096)
def _parsed(text: str) -> str:
    if len(text) < 2:
        raise ValueError("key must be 2 characters long")
    if text[1] != ":":
        raise ValueError(f"missing colon: {text}")
    kind, rest = text[0], text[2:]
    if kind == "f":
        return text
    if kind == "i":
        if _INDEX.fullmatch(rest) is None:
            raise ValueError(f"not an index: {rest}")
        return f"i:{int(rest)}"
    if kind not in "kv":
        raise Unknown(f"unknown path element type: {text}")
    value = _decoded(rest)
    if kind == "v":
        return by_value(value)
    if not isinstance(value, dict):
        raise ValueError(f"not an object: {rest}")
    return by_keys(value)


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"malformed path element: {text}: {error}") from error


def order(text: str) -> tuple[Any, ...]:
    """Sorts elements as upstream does; of elements as :func:`parsed` gives them, and of ``.``, which comes first."""
    return _order(text) if len(text) <= _REMEMBERED else _order.__wrapped__(text)


@functools.lru_cache(maxsize=4096)
def _order(text: str) -> tuple[Any, ...]:
    if text == MEMBER:
        return (-1,)
    kind, rest = _KINDS.index(text[0]), text[2:]
    if kind == 0:
        return kind, rest
    if kind == 3:
        return kind, int(rest)
    value = _decoded(rest)
    if kind == 1:
        return kind, tuple((name, *_rank(each)) for name, each in value.items())
    return kind, _rank(value)


def _rank(value: Any) -> tuple[int, Any]:
    """value.Compare: numbers, texts, booleans, lists, maps, null."""
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, int | float):
        return 0, value
    if isinstance(value, str):
        return 1, value
    if isinstance(value, list):
        return 3, tuple(map(_rank, value))
    if isinstance(value, dict):
        return 4, tuple((key, *_rank(each)) for key, each in sorted(value.items()))
    return 5, 0


def readable(text: str) -> str:
    """As messages show it: ``.replicas``, ``[name="web"]``, ``[="x"]``, ``[0]``."""
    kind, rest = text[0], text[2:]
    if kind == "f":
        return f".{rest}"
    if kind == "i":
        return f"[{rest}]"
    value = _decoded(rest)
    if kind == "v":
        return f"[={_readable(value)}]"
    return f"[{','.join(f'{name}={_readable(each)}' for name, each in value.items())}]"


def _readable(value: Any) -> str:
    """value.ToString."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{','.join(map(_readable, value))}]"
    if isinstance(value, dict):
        return "".join(f"{key}={_readable(each)}" for key, each in value.items())
    return "null" if value is None else shown(value)
