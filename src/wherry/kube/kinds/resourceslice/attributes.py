"""Rules of the attributes of devices: one value, or a list of one type (pkg/apis/resource/validation)."""

import re

from wherry.kube.kinds.rules import Found
from wherry.kube.machinery.fielderrors import Path, invalid, too_long
from wherry.kube.machinery.model import Object

SINGLE, LISTS = ("bool", "int", "string", "version"), ("bools", "ints", "strings", "versions")
_MAX_BYTES = 64
_NUMBER, _WORD = r"(?:0|[1-9]\d*)", r"(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_WORD}(?:\.{_WORD})*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?", re.ASCII
)


def values_of(attribute: Object) -> int:
    """How many values it has."""
    return sum(len(attribute.get(name) or ()) for name in LISTS) or 1


def validate_attribute(attribute: Object, path: Path) -> Found:
    found: Found = []
    for name in (*SINGLE, *LISTS):
        value, where = attribute.get(name), path.child(name)
        if value is None:
            continue
        if name in LISTS and not value:
            found.append(invalid(where, value, "must not be empty if specified"))
        for position, each in enumerate(value if name in LISTS else ()):
            found += _validate_value(each, where.index(position), is_version=name == "versions")
        if name in SINGLE:
            found += _validate_value(value, where, is_version=name == "version")
    there = [name for name in (*SINGLE, *LISTS) if attribute.get(name) is not None]
    if len(there) != 1:
        found.append(invalid(path, attribute if there else "", "exactly one value must be specified"))
    return found


def _validate_value(value: object, path: Path, *, is_version: bool) -> Found:
    if not isinstance(value, str):
        return []
    found: Found = []
    if is_version and not _VERSION.fullmatch(value):
        found.append(invalid(path, value, "must be a string compatible with semver.org spec 2.0.0"))
    if len(value.encode()) > _MAX_BYTES:
        found.append(too_long(path, "", _MAX_BYTES))
    return found
