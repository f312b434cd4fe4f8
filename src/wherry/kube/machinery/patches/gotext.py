"""How Go writes values and types into messages: upstream's errors about patches show them so."""

import re
from typing import Any

import msgspec

_JSON_TYPES = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}
_GO_TYPES = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    list: "[]interface {}",
    dict: "map[string]interface {}",
}


def json_type(value: object) -> str:
    """As encoding/json's errors name it: ``number``, ``object`` …"""
    return _JSON_TYPES.get(type(value), "null")


def go_type(value: object) -> str:
    """``%T``: ``map[string]interface {}``."""
    return _GO_TYPES.get(type(value), "<nil>")


def shown(value: Any) -> str:
    """``%v``: ``map[image:nginx ports:[80 443]]``."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{shown(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(shown, value))}]"
    return _scalar(value)


def quoted(text: str) -> str:
    """``%q``, of anything printable."""
    return msgspec.json.encode(text).decode()


def syntax(value: Any) -> str:
    """``%#v``: ``map[string]interface {}{"image":"nginx"}``."""
    if isinstance(value, dict):
        inside = ", ".join(f"{quoted(key)}:{syntax(value[key])}" for key in sorted(value))
        return f"{go_type(value)}{{{inside}}}"
    if isinstance(value, list):
        return f"{go_type(value)}{{{', '.join(map(syntax, value))}}}"
    if isinstance(value, str):
        return quoted(value)
    return "interface {}(nil)" if value is None else _scalar(value)


_UNMARSHAL = re.compile(r"json: cannot unmarshal (?P<is>\w+)( \S+)? into .* of type (?P<wanted>\S+)")
_KINDS = {"number": "int64", "object": "map", "array": "slice"}


def converting(text: str) -> str:
    """What encoding/json says of a value, in the words of apimachinery's converter from maps to types
    (pkg/runtime/converter.go: fromUnstructured), which strategic patches go through."""
    found = _UNMARSHAL.fullmatch(text)
    if found is None:
        return text
    kind, wanted = _KINDS.get(found["is"], found["is"]), found["wanted"]
    if wanted.startswith("[]"):
        return f"cannot restore slice from {kind}"
    if wanted.startswith("map["):
        return f"cannot restore map from {kind}"
    return f"cannot restore struct from: {kind}" if "." in wanted else f"unrecognized type: {wanted}"


def _scalar(value: object) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    return str(value)


def _float(value: float) -> str:
    """The shortest text that gives the same number, with an exponent from 1e+21 and below 1e-04 (strconv, 'g')."""
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    mantissa, exponent, power = repr(value).partition("e")
    if not exponent:
        return mantissa
    sign, digits = power[0], power.lstrip("+-")
    return f"{mantissa}e{'-' if sign == '-' else '+'}{digits.zfill(2)}"
