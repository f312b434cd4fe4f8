"""What config maps and secrets have in common: values by key, a limit, and that they may be made unchangeable."""

from collections.abc import Iterable

from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden
from wherry.kube.machinery.model import Object

MAX_BYTES = 1024 * 1024
"""Of all values together (MaxSecretSize)."""


def validate_keys(keys: Iterable[str], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for key in keys:
        if complaints := names.config_key(key):
            errors += names.complain(path.key(key), key, complaints)
    return errors


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
