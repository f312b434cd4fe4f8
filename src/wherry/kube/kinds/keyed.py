"""What config maps and secrets have in common: values by key, a limit, and that they may be made unchangeable."""

import re
from collections.abc import Collection, Iterable

from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden
from wherry.kube.machinery.model import Object

MAX_BYTES = 1024 * 1024
"""Of all values together (MaxSecretSize)."""
_is_right = re.compile(r"(?!\.\.|\.\Z)[-._a-zA-Z0-9]{1,253}").fullmatch
"""At a glance, what :func:`wherry.kube.machinery.names.config_key` has nothing to say of."""


def validate_keys(keys: Iterable[str], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for key in keys:
        if _is_right(key) is None:
            errors += names.complain(path.key(key), key, names.config_key(key))
    return errors


def are_too_long(texts: Collection[str], encoded: Collection[str] = ()) -> bool:
    """Whether texts, and what valid base64 texts stand for, take more than :data:`MAX_BYTES` together."""
    most = 4 * sum(map(len, texts))  # bytes of a letter
    if most + (sum(map(len, encoded)) if encoded else 0) <= MAX_BYTES:
        return False
    size = sum(len(each.encode("utf-8", "surrogatepass")) for each in texts)
    return size + sum(map(decoded_length, encoded)) > MAX_BYTES


def decoded_length(text: str) -> int:
    """How many bytes a valid base64 text stands for."""
    return len(text) * 3 // 4 - text[-2:].count("=")


def frozen(obj: Object, old: Object, *fields: str) -> list[FieldError]:
    """What has changed of an object that was marked immutable."""
    if not old.get("immutable"):
        return []
    why = "field is immutable when `immutable` is set"
    errors = [] if obj.get("immutable") else [forbidden("immutable", why)]
    return errors + [forbidden(name, why) for name in fields if (obj.get(name) or {}) != (old.get(name) or {})]
