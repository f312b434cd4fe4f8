"""What the server does with an object on a write, as far as every kind has it in common: for :mod:`.fake`.

Pure functions over objects that they may change. Strategies, defaults, schemas and admission are not here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.status import CHANGED, StatusError, bad_request, conflict, forbidden
from wherry.kube.machinery.times import rfc3339

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
POD_GRACE_SECONDS = 30
_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")
_COUNTED_APART = ("metadata", "status", "apiVersion", "kind")


@dataclass(frozen=True, slots=True)
class Made:
    """What the server gives to a new object."""

    name: str
    namespace: str
    uid: str
    now: datetime


def created(obj: Object, made: Made) -> Object:
    meta = obj["metadata"]
    for name in (*_KEPT, "resourceVersion"):
        meta.pop(name, None)
    meta["name"] = made.name
    if made.namespace:
        meta["namespace"] = made.namespace
    meta["uid"] = made.uid
    meta["creationTimestamp"] = rfc3339(made.now)
    if any(name not in _COUNTED_APART for name in obj):
        meta["generation"] = 1
    if obj.get("kind") == "Namespace":
        obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
        obj.setdefault("status", {}).setdefault("phase", "Active")
    return obj


def updated(resource: GroupResource, new: Object, old: Object, subresource: str) -> Object:
    """The object to be stored for an update of ``old`` to ``new``. Raises StatusError."""
    meta, before = new["metadata"], old["metadata"]
    for name in ("uid", "resourceVersion"):
        if meta.get(name) and meta[name] != before[name]:
            raise conflict(resource, before["name"], CHANGED)
    new = _merged(new, old, subresource)
    meta = new["metadata"]
    for name in _KEPT:
        meta.pop(name, None)
        if name in before:
            meta[name] = before[name]
    if before.get("deletionTimestamp") and set(meta.get("finalizers") or ()) - set(before.get("finalizers") or ()):
        raise forbidden(resource, before["name"], "no new finalizers can be added if the object is being deleted")
    counted = [name for name in {*new, *old} if name not in _COUNTED_APART]
    if any(new.get(name) != old.get(name) for name in counted):
        meta["generation"] = before.get("generation", 0) + 1
    meta["resourceVersion"] = before["resourceVersion"]
    return new


def _merged(new: Object, old: Object, subresource: str) -> Object:
    """What the subresource lets through (empty: all but the status)."""
    if subresource == "":
        merged = {**new, "status": old.get("status")}
        return merged if "status" in old else {name: value for name, value in merged.items() if name != "status"}
    if subresource in ("status", "approval"):
        meta = dict(old["metadata"])
        if old.get("kind") == "Deployment" and new["metadata"].get("annotations"):  # Kind.status_annotations
            meta["annotations"] = new["metadata"]["annotations"]
        return {**old, "status": new.get("status", {}), "metadata": meta}
    if subresource == "finalize":
        spec = {**old.get("spec", {}), "finalizers": new.get("spec", {}).get("finalizers", [])}
        return {**old, "spec": spec, "metadata": dict(old["metadata"])}
    if subresource == "scale":  # the fake shows whole objects as their scales
        spec = {**old.get("spec", {}), "replicas": new.get("spec", {}).get("replicas")}
        return {**old, "spec": spec, "metadata": dict(old["metadata"])}
    raise bad_request(f"the fake knows no subresource {subresource}")


def deleted(resource: GroupResource, obj: Object, options: Object, now: datetime) -> None:
    """Mark the object as to be deleted. Raises StatusError when the preconditions do not hold."""
    meta = obj["metadata"]
    for name, wanted in (options.get("preconditions") or {}).items():
        if wanted is not None and meta.get(name) != wanted:
            words = {"uid": "UID", "resourceVersion": "ResourceVersion"}[name]
            why = f"Precondition failed: {words} in precondition: {wanted}, {words} in object meta: {meta.get(name)}"
            raise conflict(resource, meta["name"], why)
    _set_policy(meta, options)
    grace = _grace_seconds(obj, options)
    if "deletionTimestamp" not in meta:
        meta["deletionTimestamp"] = rfc3339(now + timedelta(seconds=grace))
        meta["deletionGracePeriodSeconds"] = grace
        meta["generation"] = meta.get("generation", 0) + 1
    elif grace < meta.get("deletionGracePeriodSeconds", 0):
        meta["deletionGracePeriodSeconds"] = grace
    if obj.get("kind") == "Namespace":
        obj.setdefault("status", {})["phase"] = "Terminating"


def _set_policy(meta: Object, options: Object) -> None:
    policy = options.get("propagationPolicy")
    if policy is None and options.get("orphanDependents") is not None:
        policy = "Orphan" if options["orphanDependents"] else "Background"
    if policy is None:
        return
    kept = [each for each in meta.get("finalizers") or () if each not in (ORPHAN, FOREGROUND)]
    added = {"Orphan": [ORPHAN], "Foreground": [FOREGROUND], "Background": []}[policy]
    meta["finalizers"] = kept + added
    if not meta["finalizers"]:
        del meta["finalizers"]


def _grace_seconds(obj: Object, options: Object) -> int:
    """Pods alone are deleted gracefully, and only those that a node may be running."""
    if obj.get("kind") != "Pod" or not obj.get("spec", {}).get("nodeName"):
        return 0
    if obj.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    asked = options.get("gracePeriodSeconds")
    usual = obj["spec"].get("terminationGracePeriodSeconds", POD_GRACE_SECONDS)
    return int(usual if asked is None else asked)


def is_gone(obj: Object) -> bool:
    """Nothing holds it any more: it is to be removed."""
    meta = obj["metadata"]
    if "deletionTimestamp" not in meta or meta.get("finalizers"):
        return False
    if obj.get("kind") == "Namespace" and obj.get("spec", {}).get("finalizers"):
        return False
    return not meta.get("deletionGracePeriodSeconds")


def refuse_in_ending_namespace(resource: GroupResource, name: str, namespace: Object) -> StatusError:
    """What NamespaceLifecycle says to a create there."""
    where = namespace["metadata"]["name"]
    error = forbidden(
        resource, name, f"unable to create new content in namespace {where} because it is being terminated"
    )
    cause = {"reason": "NamespaceTerminating", "message": f"namespace {where} is being terminated"}
    error.details["causes"] = [{**cause, "field": "metadata.namespace"}]
    return error
