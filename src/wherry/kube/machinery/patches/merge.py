"""JSON merge patch (RFC 7386), with evanphx/json-patch's reading of it, which upstream uses."""

from typing import Any

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches.gotext import json_type
from wherry.kube.machinery.patches.values import bounded
from wherry.kube.machinery.status import bad_request


@bounded
def apply(document: Object, patch: object) -> Object:
    """The document with the patch's fields set, and those that it has as null gone.

    Shares what did not change with ``document``, nothing with ``patch``. Raises StatusError 400 when the patch is no
    object: one that replaces the whole document by something else makes no object of the API.
    """
    if patch is None:
        raise bad_request("Invalid JSON Patch")
    if not isinstance(patch, dict):
        kind = json_type(patch)
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        )
    return _merged(document, patch)


def _merged(document: Object, patch: Object) -> Object:
    merged = dict(document)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _replaced(merged.get(key), value)
    return merged


def _replaced(old: Any, value: Any) -> Any:
    """What a value of a patch makes of the old one. Upstream cleans new lists of null fields, too (evanphx/json-patch
    merge.go pruneNulls; except where an object was before, which would make a patch differ from itself twice)."""
    return _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else without_nulls(value)


def without_nulls(value: Any) -> Any:
    """A copy without the fields that are null; the nulls of lists stay."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value
