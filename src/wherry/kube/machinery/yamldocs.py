"""YAML as Kubernetes reads it: YAML 1.1 by way of JSON (sigs.k8s.io/yaml on go-yaml v2).

Plain words become what go-yaml makes of them: ``yes``, ``on`` and ``y`` are true, ``0777`` is 511, ``1e3`` a number,
``12:30`` a text; dates stay texts. Keys become texts. Only JSON's types come out: tags other than YAML's own are
refused. Documents are built from libyaml's events without recursion, with a limit of depth and a budget for aliases
("billion laughs"): every alias is a copy, so that no two places share an object.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from wherry.kube.machinery.jsondocs import MAX_DEPTH
from wherry.kube.machinery.status import StatusError, bad_request

ALIAS_BUDGET_BYTES = 1024 * 1024
"""What all aliases of a document together may copy: texts, and some 50 bytes a value."""
MAX_EVENTS = 400_000
"""Values, keys and ends of lists and mappings: libyaml takes about a microsecond for each."""
_VALUE_BYTES = 50
_STANDARD = "tag:yaml.org,2002:"

# Tables of go-yaml v2 (resolve.go).
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0[bB][01_]+|0[oO]?[0-7_]+|0[xX][0-9a-fA-F_]+|[1-9][0-9_]*|0)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = float("inf")
_NO_NUMBERS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?")
_NOT_TEXTS = (_INTEGER, _FLOAT, _NO_NUMBERS, _SIXTIES, _DATE)


class Parsed(msgspec.Struct, frozen=True):
    """``duplicates`` as go-yaml says them: ``line 10: key "paused" already set in map``."""

    document: Any  # any JSON value
    duplicates: tuple[str, ...] = ()


class _Open(msgspec.Struct):
    """A list or mapping that is being read. ``key`` waits for its value."""

    value: list[Any] | dict[str, Any]
    anchor: str | None
    key: str | None = None
    is_merge: bool = False
    """The key is ``<<``: what its value says goes into this mapping, over what is there already (as go-yaml does)."""
    said: set[str] = msgspec.field(default_factory=set)
    """Keys of the mapping itself, not of merged ones."""


def parse(data: bytes) -> Parsed:
    """The one document in ``data``. Raises StatusError 400."""
    import yaml

    try:
        text = data.decode()
        return _Builder().build(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except UnicodeDecodeError as error:
        raise bad_request(f"yaml: invalid UTF-8 at byte {error.start}") from error
    except yaml.YAMLError as error:
        raise _refused(_said(error)) from error


def _refused(why: str) -> StatusError:
    return bad_request(f"error converting YAML to JSON: yaml: {why}")


def _said(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


class _Builder:
    def __init__(self) -> None:
        self.open: list[_Open] = []
        self.anchors: dict[str, Any] = {}
        self.duplicates: list[str] = []
        self.copied_bytes = 0
        self.documents = 0
        self.document: Any = None

    def build(self, events: Iterator[Any]) -> Parsed:
        for count, event in enumerate(events):
            if count > MAX_EVENTS:
                raise _refused(f"more than {MAX_EVENTS} values")
            name = type(event).__name__
            if name == "ScalarEvent":
                self._scalar(event)
            elif name == "AliasEvent":
                self._value_begins(event)
                self._put(self._copy(event.anchor), event)
            elif name in ("MappingStartEvent", "SequenceStartEvent"):
                self._begin(event, {} if name == "MappingStartEvent" else [])
            elif name in ("MappingEndEvent", "SequenceEndEvent"):
                self._end(event)
            elif name == "DocumentStartEvent":
                self.anchors.clear()
        return Parsed(self.document, tuple(self.duplicates))

    def _begin(self, event: Any, value: "list[Any] | dict[str, Any]") -> None:
        _check_tag(event, "map" if isinstance(value, dict) else "seq")
        if len(self.open) >= MAX_DEPTH:
            raise _refused(f"exceeded max depth of {MAX_DEPTH}")
        if self.open and isinstance(self.open[-1].value, dict) and self.open[-1].key is None:
            raise _refused(f"line {event.start_mark.line + 1}: a key must be a text")
        self._value_begins(event)
        self.open.append(_Open(value, event.anchor))
        self.anchors.pop(event.anchor, None)

    def _end(self, event: Any) -> None:
        closed = self.open.pop()
        if closed.anchor:
            self.anchors[closed.anchor] = closed.value
        self._put(closed.value, event)

    def _scalar(self, event: Any) -> None:
        value = _resolved(event)
        if event.anchor:
            self.anchors[event.anchor] = value
        top = self.open[-1] if self.open else None
        if top and isinstance(top.value, dict) and top.key is None:
            self._key(top, value, event)
        else:
            self._value_begins(event)
            self._put(value, event)

    def _key(self, top: _Open, value: Any, event: Any) -> None:
        if event.value == "<<" and event.implicit[0]:
            top.is_merge, top.key = True, "<<"
        else:
            self._set_key(top, value, event)

    def _set_key(self, top: _Open, value: Any, event: Any) -> None:
        if value is None or isinstance(value, dict | list):
            raise _refused(f"line {event.start_mark.line + 1}: a key must be a text")
        top.key = _key_text(value)

    def _value_begins(self, event: Any) -> None:
        """go-yaml names the line of the value when a key is there already."""
        top = self.open[-1] if self.open else None
        if top and top.key is not None and not top.is_merge:
            if top.key in top.said:
                self.duplicates.append(f'line {event.start_mark.line + 1}: key "{top.key}" already set in map')
            top.said.add(top.key)

    def _put(self, value: Any, event: Any) -> None:
        """A finished value takes its place."""
        if not self.open:
            self._finish(value, event)
            return
        top = self.open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is None:
            self._set_key(top, value, event)
        elif top.is_merge:
            self._merge(top.value, value, event)
            top.is_merge, top.key = False, None
        else:
            top.value[top.key] = value
            top.key = None

    def _merge(self, into: dict[str, Any], value: Any, event: Any) -> None:
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(each, dict) for each in values):
            raise _refused(f"line {event.start_mark.line + 1}: map merge requires map or sequence of maps as the value")
        for each in reversed(values):
            into.update(each)

    def _finish(self, value: Any, event: Any) -> None:
        self.documents += 1
        if self.documents == 1 or self.document is None:
            self.document = value
        elif value is not None:
            raise _refused(f"line {event.start_mark.line + 1}: one document is expected, and here is another")

    def _copy(self, anchor: str) -> Any:
        if anchor not in self.anchors:
            if any(each.anchor == anchor for each in self.open):
                raise _refused(f"anchor '{anchor}' value contains itself")
            raise _refused(f"unknown anchor '{anchor}' referenced")
        return self._copied(self.anchors[anchor], len(self.open))

    def _copied(self, value: Any, depth: int) -> Any:
        self.copied_bytes += _VALUE_BYTES + (len(value) if isinstance(value, str) else 0)
        if self.copied_bytes > ALIAS_BUDGET_BYTES:
            raise _refused("document contains excessive aliasing")
        if depth > MAX_DEPTH:
            raise _refused(f"exceeded max depth of {MAX_DEPTH}")
        if isinstance(value, dict):
            self.copied_bytes += sum(map(len, value))
            return {key: self._copied(each, depth + 1) for key, each in value.items()}
        if isinstance(value, list):
            return [self._copied(each, depth + 1) for each in value]
        return value


def _check_tag(event: Any, expected: str) -> None:
    if event.tag not in (None, "!", f"{_STANDARD}{expected}"):
        raise _refused(f"line {event.start_mark.line + 1}: the tag {event.tag} is not supported")


def _resolved(event: Any) -> Any:
    """The value of a scalar."""
    if event.tag in (None, "!"):
        return plain(event.value) if event.tag is None and event.implicit[0] else event.value
    kind = event.tag.removeprefix(_STANDARD) if event.tag.startswith(_STANDARD) else ""
    value = plain(event.value)
    if kind == "str" or kind == "timestamp":
        return event.value
    if kind == "binary":
        return _binary(event)
    if (kind == "int" and _INTEGER.fullmatch(event.value)) or (kind == "bool" and type(value) is bool):
        return value
    if (kind == "float" and type(value) in (int, float)) or (kind == "null" and value is None):
        return value
    raise _refused(f"line {event.start_mark.line + 1}: cannot decode {event.value!r} as a {event.tag}")


def _binary(event: Any) -> str:
    try:
        return b64decode("".join(event.value.split()), validate=True).decode()
    except (NotBase64, ValueError) as error:
        raise _refused(f"line {event.start_mark.line + 1}: !!binary value contains invalid base64 data") from error


def plain(text: str) -> Any:
    """What a plain word is: null, true, false, a number, or a text. Raises StatusError 400 for what JSON cannot say."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if value in (_INFINITE, -_INFINITE):
            return text  # as Go: nothing could hold it
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if _NO_NUMBERS.fullmatch(text):
        raise _refused(f"{text} is no JSON")
    return text


def _integer(text: str) -> int | float | str:
    """As Go's ParseInt(text, 0, 64): 0b, 0o, 0x, and a leading zero is octal. What is too large is a float."""
    digits = text.replace("_", "")
    sign, digits = (-1, digits[1:]) if digits[0] == "-" else (1, digits.lstrip("+"))
    if len(digits) > 80:  # no 64 bits, whatever the base
        value = float(digits) if digits.isdigit() and digits[0] != "0" else _INFINITE
        return text if value == _INFINITE else sign * value
    octal = digits[0] == "0" and digits[1:2].isdigit()
    found = sign * int(digits, 8 if octal else 0)
    return found if -(2**63) <= found < 2**63 else float(found)


def _key_text(value: Any) -> str:
    """A key as JSON has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def dump(document: Any) -> bytes:  # any JSON value
    """As YAML, the way Kubernetes writes it: keys sorted, texts that would be read as something else in quotes."""
    import yaml

    text: str = yaml.dump(document, Dumper=_dumper(), default_flow_style=False, allow_unicode=True, width=2**31 - 1)
    return text.encode()


@cache
def _dumper() -> Any:  # a class of a library without types
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        def ignore_aliases(self, data: object) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value else '"' if _is_other(value) else None
        return dumper.represent_scalar(f"{_STANDARD}str", value, style)

    def number(dumper: Any, value: float) -> Any:
        if value.is_integer() and abs(value) < 1e21:
            return dumper.represent_int(int(value))
        return dumper.represent_float(value)

    Dumper.add_representer(str, text)
    Dumper.add_representer(float, number)
    return Dumper


def _is_other(text: str) -> bool:
    """Whether somebody could read the plain word as something else than this text."""
    return text in _WORDS or text == "<<" or any(each.fullmatch(text) for each in _NOT_TEXTS)
