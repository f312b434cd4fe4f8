"""An object's bare view: its name, and the metadata that say whose it is and whether it goes. Whoever watches
everything there is has no use for the rest, which is most of the memory.

An object has **ties** when it names an owner or is being deleted. Most have none, and nobody who cares for ties need
hear of them: that is seen in an object's JSON without decoding it.
"""

from sys import intern
from typing import Any, TypedDict

import msgspec

from wherry.kube.machinery.model import Object


class _Owner(TypedDict, total=False):
    apiVersion: Any  # all are as the object's schema has checked them
    kind: Any
    name: Any
    uid: Any
    blockOwnerDeletion: Any


class _Metadata(TypedDict, total=False):
    name: Any
    namespace: Any
    uid: Any
    resourceVersion: Any
    ownerReferences: list[_Owner] | None
    finalizers: Any
    deletionTimestamp: Any


class _Bare(TypedDict):
    metadata: _Metadata


_KEPT = tuple(_Metadata.__annotations__)
_OWNER = frozenset(_Owner.__annotations__)
_decode = msgspec.json.Decoder(_Bare).decode


def bare_metadata(obj: Object) -> Object:
    """The bare view of an object, which is not changed. Of a bare view: itself."""
    if len(obj) == 1:
        return obj
    meta = obj["metadata"]
    kept = {name: meta[name] for name in _KEPT if name in meta}
    if "namespace" in kept:
        kept["namespace"] = intern(kept["namespace"])
    if kept.get("ownerReferences"):
        kept["ownerReferences"] = [
            {name: each[name] for name in each if name in _OWNER} for each in kept["ownerReferences"]
        ]
        _intern_owners(kept)
    return {"metadata": kept}


def bare_of(raw: bytes) -> Object:
    """The same of an object's JSON, without decoding the rest. The caller's own."""
    found: Object = _decode(raw)  # type: ignore[assignment]
    if "ownerReferences" in found["metadata"]:
        _intern_owners(found["metadata"])
    return found


def has_ties(obj: Object) -> bool:
    """See the module."""
    meta = obj["metadata"]
    return bool(meta.get("ownerReferences")) or "deletionTimestamp" in meta


def may_have_ties(raw: bytes) -> bool:
    """Whether an object's JSON, without spaces, is of one that has ties. Never False for one that has: texts inside it
    have their quotes escaped, keys have none."""
    return b'"ownerReferences":[{' in raw or b'"deletionTimestamp":' in raw


def _intern_owners(meta: Object) -> None:
    """A thousand pods have one owner."""
    for each in meta["ownerReferences"] or ():
        for name, value in each.items():
            if isinstance(value, str):
                each[name] = intern(value)
