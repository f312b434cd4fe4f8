"""Objects of JSON in which what is equal is there once: a thousand pods of one template have one list of variables.

An object is taken apart where it is large: each of its fields is decoded alone, and so are theirs, until a part is
small. A part that was seen before is not decoded again; the one from before is used. That costs no more time than
decoding all of it, and a pod in memory a fifth of what it takes alone.

What is remembered is bounded, and forgetting only costs memory: equal parts are then there twice.
"""

from collections.abc import Iterator, Mapping
from sys import intern
from typing import Any

import msgspec

from wherry.kube.machinery.model import Object

REMEMBERED_BYTES = 3 << 20
"""Of the text of parts, and what each takes besides; twice that while one half is forgotten. A template has some 2 KB
in ten parts."""
EACH_BYTES = 200
"""What a part takes besides its text, at least: most are small, and then that is most of it."""
SEEN = 1 << 14
"""So many parts that were met once are known. A pod has some ten parts of its own: a second one of the same template
is recognized when it comes within a thousand others."""
WHOLE_BYTES = 256
"""Smaller parts are not taken apart. At 64 a pod takes a tenth less, and half as much time again; at 512 the volume
of its token is one part, in which there is a name of its own, and it takes twice the memory."""
LARGE_BYTES = 1 << 16
"""Larger objects are not taken apart: they are few, or have many small fields that would each be looked up."""
_DEEPEST = 8  # a source of a projected volume is six down; deeper, little is to be had
_OWN = frozenset({"name", "uid", "resourceVersion"})
_MANAGED = "managedFields"
_NOTHING = object()
_decode = msgspec.json.Decoder().decode
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_NOWHERE: Mapping[str, "Unread"] = {}


class Unread(msgspec.Struct, frozen=True, eq=False):
    """What nobody reads of an object: the fields ``names``, and what is unread of the fields ``below``. Of a list: of
    each of its elements."""

    names: frozenset[str] = frozenset()
    below: Mapping[str, "Unread"] = msgspec.field(default_factory=dict)


_Key = bytes | tuple[Unread, bytes]


class Parts:
    """What has been met. What is decoded is shared: nobody may change it."""

    def __init__(self, remembered_bytes: int = REMEMBERED_BYTES, seen: int = SEEN) -> None:
        self._remembered_bytes = remembered_bytes
        self._most_seen = seen
        # Two generations: when the younger is full the elder is forgotten, but for what was asked for meanwhile.
        self._young: dict[_Key, Any] = {}  # Any: JSON
        self._old: dict[_Key, Any] = {}
        self._young_bytes = 0
        self._seen = set[int]()
        self._seen_before = set[int]()

    def decode(self, raw: bytes, unread: Unread | None = None) -> Object:
        """An object without what is unread, and without its managed fields, which nobody reads who keeps objects, and
        which are half of one."""
        if len(raw) > LARGE_BYTES:
            found: Object = _decode(raw)
            leave_out(found, unread)
            return found
        below = unread.below if unread is not None else _NOWHERE
        return {
            intern(name): (
                self._metadata(value) if name == "metadata" else self._part(bytes(value), _DEEPEST, below.get(name))
            )
            for name, value in _fields(raw).items()
        }

    def _metadata(self, raw: msgspec.Raw) -> Object:
        return {
            intern(name): _decode(value) if name in _OWN else self._part(bytes(value), _DEEPEST)
            for name, value in _fields(raw).items()
            if name != _MANAGED
        }

    def _part(self, raw: bytes, depth: int, unread: Unread | None = None) -> Any:  # any JSON value
        key = raw if unread is None else (unread, raw)
        found = self._young.get(key, _NOTHING)
        if found is not _NOTHING:
            return found
        found = self._old.get(key, _NOTHING)
        if found is _NOTHING:
            found = self._made(raw, depth) if unread is None else self._made_without(raw, depth, unread)
            if not self._is_known(hash(key)):
                return found
        self._remember(key, EACH_BYTES + len(raw), found)
        return found

    def _made(self, raw: bytes, depth: int) -> Any:  # any JSON value
        if len(raw) > WHOLE_BYTES and depth:
            if raw[0] == 0x7B:  # {
                return {intern(name): self._part(bytes(value), depth - 1) for name, value in _fields(raw).items()}
            if raw[0] == 0x5B:  # [
                return [self._part(bytes(value), depth - 1) for value in _elements(raw)]
        return _decode(raw)

    def _made_without(self, raw: bytes, depth: int, unread: Unread) -> Any:  # any JSON value
        if raw[0] == 0x7B:  # {
            names, below = unread.names, unread.below
            return {
                intern(name): self._part(bytes(value), depth - 1, below.get(name))
                for name, value in _fields(raw).items()
                if name not in names
            }
        if raw[0] == 0x5B:  # [
            return [self._part(bytes(value), depth - 1, unread) for value in _elements(raw)]
        return _decode(raw)

    def _is_known(self, mark: int) -> bool:
        """Whether it was met before. Most parts that are met once are met never again: they are not remembered."""
        if mark in self._seen or mark in self._seen_before:
            return True
        if len(self._seen) >= self._most_seen:
            self._seen, self._seen_before = set(), self._seen
        self._seen.add(mark)
        return False

    def _remember(self, key: _Key, size_bytes: int, value: Any) -> None:  # any JSON value
        if self._young_bytes + size_bytes > self._remembered_bytes:
            self._young, self._old, self._young_bytes = {}, self._young, 0
        self._young[key] = value
        self._young_bytes += size_bytes

    def remembered(self) -> Iterator[tuple[bytes, Any]]:  # any JSON value
        """Each whole part with its text. A test looks here whether somebody changed what is not theirs alone."""
        for key, value in {**self._old, **self._young}.items():
            if isinstance(key, bytes):
                yield key, value


def leave_out(obj: Object, unread: Unread | None) -> None:
    """What :meth:`Parts.decode` does, of an object that is the caller's own."""
    obj["metadata"].pop(_MANAGED, None)
    if unread is not None:
        _leave_out(obj, unread)


def _leave_out(value: Any, unread: Unread) -> None:  # any JSON value
    if isinstance(value, list):
        for each in value:
            _leave_out(each, unread)
    elif isinstance(value, dict):
        for name in unread.names:
            value.pop(name, None)
        for name, its in unread.below.items():
            _leave_out(value.get(name), its)
