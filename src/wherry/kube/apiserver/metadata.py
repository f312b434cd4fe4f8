"""The metadata that is the server's own business: identity, generation, deletion (apiserver pkg/registry/rest)."""

from collections.abc import Callable
from datetime import datetime

from wherry.kube.apiserver.call import Call
from wherry.kube.kinds.model import Context, Kind
from wherry.kube.machinery import status
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339
from wherry.kube.machinery.uids import random_suffix

_MAX_GENERATED_BASE = 63 - 5  # k8s.io/apiserver pkg/storage/names/generate.go
Uid = Callable[[], str]


def generated_name(base: str) -> str:
    return base[:_MAX_GENERATED_BASE] + random_suffix()


_NOT_GIVEN = frozenset(("selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"))
"""What a creator cannot say."""


def begin(obj: Object, kind: Kind, now: datetime, uid: str) -> None:
    """Give a new object its identity. Raises StatusError when it comes with a resource version."""
    metadata = obj["metadata"]
    if metadata.pop("resourceVersion", ""):
        raise status.bad_request("resourceVersion should not be set on objects to be created")
    if not _NOT_GIVEN.isdisjoint(metadata):
        for name in _NOT_GIVEN:
            metadata.pop(name, None)
    metadata["uid"] = uid
    metadata["creationTimestamp"] = rfc3339(now)
    has_status = kind.has_status
    if has_status and not kind.status_at_create:
        obj.pop("status", None)
    if has_status or _is_counted(kind):
        metadata["generation"] = 1
    elif "generation" in metadata:
        del metadata["generation"]
    if (base := metadata.get("generateName")) and not metadata.get("name"):
        metadata["name"] = generated_name(base)


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
