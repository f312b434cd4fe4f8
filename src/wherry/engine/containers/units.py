"""Docker's ways to write sizes and keys: pure."""

import re

from wherry.kit.errors import Invalid

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
_KEYS = {"ctrl-@": 0, "ctrl-[": 27, "ctrl-\\": 28, "ctrl-]": 29, "ctrl-^": 30, "ctrl-_": 31} | {
    f"ctrl-{chr(code + 96)}": code for code in range(1, 27)
}
DETACH_KEYS = b"\x10\x11"  # ctrl-p, ctrl-q


def size_bytes(text: str, what: str) -> int:
    """``10m`` as moby's units.RAMInBytes reads it; 0 for -1, which is no limit."""
    if text.strip() == "-1":
        return 0
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise Invalid(f"invalid value for {what}: invalid size: '{text}'")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def detach_keys(text: str | None) -> bytes:
    """``ctrl-p,ctrl-q`` as bytes; the default when nothing is said."""
    if not text:
        return DETACH_KEYS
    keys = bytearray()
    for word in text.split(","):
        code = _KEYS.get(word.lower())
        if code is None and (len(word) != 1 or not word.isascii()):
            raise Invalid(f"Invalid detach keys ({text}) provided: unknown character: '{word}'")
        keys.append(ord(word) if code is None else code)
    return bytes(keys)
