"""The annotation of client-side apply, which ``kubectl apply --server-side`` takes over
(apimachinery, pkg/util/managedfields/internal/lastapplied*.go)."""

import re
from typing import Any

import msgspec

from wherry.kube.machinery.apply.comparison import compare
from wherry.kube.machinery.apply.fieldsets import NOTHING, FieldSet, difference
from wherry.kube.machinery.apply.owning import complaints, field_set
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.model import Schema

ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
MANAGER = "kubectl"
"""Only this manager's applies look at it."""
_MAX_ANNOTATIONS_BYTES = 256 * 1024
_ESCAPED = re.compile("[<>&\u2028\u2029]")


def _annotation(obj: Object) -> str:
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    value = annotations.get(ANNOTATION) if isinstance(annotations, dict) else None
    return value if isinstance(value, str) else ""


def unchanged(live: Object, api_version: str, schema: Schema) -> FieldSet:
    """What client-side apply has set and is as it was set: no conflict for kubectl, whose own it is.

    Nothing when there is no annotation, or none that can be used.
    """
    try:
        return _unchanged(live, msgspec.json.decode(_annotation(live) or "null"), api_version, schema)
    except (msgspec.DecodeError, RecursionError):
        return NOTHING


def _unchanged(live: Object, last: Any, api_version: str, schema: Schema) -> FieldSet:
    if not isinstance(last, dict) or last.get("apiVersion") != api_version or complaints(last, schema):
        return NOTHING
    found = compare(last, live, schema)
    fields = difference(difference(field_set(last, schema), found.modified), found.added)
    return difference(fields, found.removed)


def brought_up_to_date(obj: Object, applied: Object) -> Object:
    """The object with what was applied in its annotation, if it has one; without it, if that became too large.
    Shares with ``obj``."""
    if not _annotation(obj):
        return obj
    metadata: Object = obj["metadata"]
    others = {name: value for name, value in metadata["annotations"].items() if name != ANNOTATION}
    annotations = {**others, ANNOTATION: _text(applied)}
    size = sum(len(name.encode()) + len(str(value).encode()) for name, value in annotations.items())
    if size > _MAX_ANNOTATIONS_BYTES:
        annotations = others
    return {**obj, "metadata": {**metadata, "annotations": annotations}}


def _text(applied: Object) -> str:
    """As Go's encoder writes it: names sorted, HTML's characters escaped, a line feed at the end."""
    metadata = applied.get("metadata")
    if isinstance(metadata, dict) and isinstance(annotations := metadata.get("annotations"), dict):
        left = {name: value for name, value in annotations.items() if name != ANNOTATION}
        applied = {**applied, "metadata": {**metadata, "annotations": left}}
    text = msgspec.json.encode(applied, order="deterministic").decode()
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
