"""Texts with a form, as Go reads them and writes them back.

Each function gives the value as it is to be kept. It raises ValueError with the words of Go, TypeError with the name of
Go's type when the value is none of the right JSON type.
"""

import binascii
import re
from typing import Any

from wherry.kube.machinery import quantity as quantities
from wherry.kube.machinery import times

_SIMPLE_QUANTITY = re.compile(r"[0-9]{1,12}(?:[munkMGTP]|[KMGTP]i)?", re.ASCII)
_DAY = r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_SECOND = r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_is_canonical_time = re.compile(rf"\d{{4}}-{_DAY}{_SECOND}Z", re.ASCII).fullmatch
_is_canonical_micro_time = re.compile(rf"(?!0000)\d{{4}}-{_DAY}{_SECOND}\.\d{{6}}Z", re.ASCII).fullmatch
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def quantity(value: Any) -> Any:
    """A text or a number; it stays as it was written."""
    if type(value) is str and _SIMPLE_QUANTITY.fullmatch(value):
        return value
    if type(value) is bool or not isinstance(value, str | int | float):
        raise ValueError(quantities.WRONG_FORMAT)
    quantities.parse(value)
    return value


def time(value: Any) -> str:
    """metav1.Time: in UTC, to the second."""
    if type(value) is not str:
        raise TypeError("string")
    return value if _is_canonical_time(value) else times.rfc3339(times.parse(value))


def micro_time(value: Any) -> str:
    """metav1.MicroTime: in UTC, to the microsecond."""
    if type(value) is not str:
        raise TypeError("string")
    return value if _is_canonical_micro_time(value) else times.rfc3339_micro(times.parse(value))


def base64_text(value: Any) -> str:
    """``[]byte``: base64 with padding. Line breaks are allowed, and go."""
    if type(value) is not str:
        raise TypeError("[]uint8")
    try:
        binascii.a2b_base64(value, strict_mode=True)
        return value
    except ValueError:
        pass
    joined = value.replace("\n", "").replace("\r", "")
    try:
        binascii.a2b_base64(joined, strict_mode=True)
    except ValueError:
        raise ValueError(f"illegal base64 data at input byte {_illegal_at(value)}") from None
    return joined


def _illegal_at(text: str) -> int:
    """Where Go's encoding/base64 finds the fault."""
    source = text.encode()
    shown = [(position, byte) for position, byte in enumerate(source) if byte not in b"\r\n"]
    for count, (position, byte) in enumerate(shown):
        if byte in _ALPHABET:
            continue
        filled = count % 4
        if byte != ord("=") or filled < 2:
            return position
        if filled == 3:
            return _after(shown[count + 1 :], len(source))
        if count + 1 == len(shown):
            return len(source)
        following, second = shown[count + 1]
        return following - 1 if second != ord("=") else _after(shown[count + 2 :], len(source))
    return len(source) - len(shown) % 4


def _after(rest: list[tuple[int, int]], end: int) -> int:
    """Nothing may follow the padding."""
    return rest[0][0] if rest else end
