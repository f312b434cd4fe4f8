"""The metadata that is the server's own business: identity, generation, deletion (apiserver pkg/registry/rest)."""

import random
from collections.abc import Callable
from datetime import datetime

from wherry.kube.apiserver.call import Call
from wherry.kube.kinds.model import Context, Kind
from wherry.kube.machinery import status
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # apimachinery pkg/util/rand: no vowels, nothing that reads as another
_PAIRS = tuple(one + other for one in _LETTERS for other in _LETTERS)
_SUFFIX = 5
_MAX_GENERATED_BASE = 63 - _SUFFIX
Uid = Callable[[], str]


def suffix() -> str:
    """What generateName ends in: nobody must be unable to guess it (upstream's is of math/rand, too)."""
    rest, first = divmod(int(random.random() * len(_LETTERS) ** _SUFFIX), len(_PAIRS))
    last, second = divmod(rest, len(_PAIRS))
    return _PAIRS[first] + _PAIRS[second] + _LETTERS[last]


def generated_name(base: str) -> str:
    return base[:_MAX_GENERATED_BASE] + suffix()


def begin(obj: Object, kind: Kind, now: datetime, uid: str) -> None:
    """Give a new object its identity. Raises StatusError when it comes with a resource version."""
    metadata = obj["metadata"]
    if metadata.pop("resourceVersion", ""):
        raise status.bad_request("resourceVersion should not be set on objects to be created")
    for name in ("selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"):
        metadata.pop(name, None)
    metadata["uid"] = uid
    metadata["creationTimestamp"] = rfc3339(now)
    if kind.has_status and not kind.status_at_create:
        obj.pop("status", None)
    if kind.has_status or _is_counted(kind):
        metadata["generation"] = 1
    else:
        metadata.pop("generation", None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generated_name(metadata["generateName"])


_COUNTED = frozenset(
    {
        "networkpolicies",
        "validatingwebhookconfigurations",
        "mutatingwebhookconfigurations",
        "validatingadmissionpolicybindings",
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "csidrivers",
        "resourceslices",
        "ingressclasses",
        "endpointslices",
        "deviceclasses",
        "priorityclasses",
    }
)
"""Kinds without a status whose generation upstream counts all the same."""


def _is_counted(kind: Kind) -> bool:
    return kind.custom or kind.plural in _COUNTED


def carry_over(obj: Object, old: Object, call: Call) -> None:
    """Keep what an update cannot change. Raises StatusError when it is meant for another object of that name."""
    metadata, before = obj["metadata"], old["metadata"]
    uid = metadata.get("uid")
    if uid and uid != before["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {before['uid']}"
        raise status.conflict(call.resource, before["name"], why)
    kept = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "generateName")
    for name in kept:
        if name in before:
            metadata[name] = before[name]
        else:
            metadata.pop(name, None)
    metadata.pop("selfLink", None)


def count_generation(obj: Object, old: Object, kind: Kind) -> None:
    """``generation`` counts the changes that a controller must look at."""
    if not (kind.has_status or _is_counted(kind)):
        return
    metadata = obj["metadata"]
    if kind.strategy.generation_counts(obj, old):
        metadata["generation"] = old["metadata"].get("generation", 0) + 1


def keep_status(obj: Object, old: Object) -> None:
    """The main resource's update leaves ``status`` alone."""
    if "status" in old:
        obj["status"] = old["status"]
    else:
        obj.pop("status", None)


def keep_all_but_status(obj: Object, old: Object, *, annotations: bool = False) -> None:
    """The status subresource's update leaves everything else alone, ``annotations`` where they may change with it."""
    managed, annotated = obj["metadata"].get("managedFields"), obj["metadata"].get("annotations")
    for name in tuple(obj):
        if name not in ("status", "apiVersion", "kind"):
            del obj[name]
    obj.update((name, value) for name, value in old.items() if name not in ("status", "apiVersion", "kind"))
    metadata = dict(old["metadata"])
    if managed is not None:
        metadata["managedFields"] = managed
    if annotations and annotated:
        metadata["annotations"] = annotated
    obj["metadata"] = metadata


def check_revision(obj: Object, old_revision: int, call: Call, context: Context | None = None) -> bool:
    """Whether the update names the version it was made from. Raises StatusError when that is not the current one."""
    given = obj["metadata"].get("resourceVersion") or ""
    if given in ("", "0"):
        return False
    if not (given.isascii() and given.isdigit()):
        raise status.bad_request(f"invalid resource version {given!r}: it must be a number")
    if int(given) != old_revision:
        raise status.conflict(call.resource, obj["metadata"]["name"], status.CHANGED)
    return True
