"""What a DELETE does to an object: remove it, or mark it for those who must finish first. Pure.

Rules: k8s.io/apiserver pkg/registry/rest/delete.go (BeforeDelete), pkg/registry/generic/registry/store.go (Delete), and
for pods and namespaces pkg/registry/core/{pod,namespace}.
"""

from datetime import datetime, timedelta

import msgspec

from wherry.kube.kinds.model import Kind
from wherry.kube.machinery import status, times
from wherry.kube.machinery.fielderrors import FieldError, invalid, not_supported
from wherry.kube.machinery.model import GroupKind, Object

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
_GARBAGE = frozenset({ORPHAN, FOREGROUND})
_POLICIES = ("Foreground", "Background", "Orphan")


class Deletion(msgspec.Struct, frozen=True):
    """``marked`` None and not ``remove``: nothing is to be done, it is being deleted already."""

    remove: bool = False
    marked: Object | None = None


def check_options(options: Object) -> None:
    """Raises StatusError (apimachinery pkg/apis/meta/v1/validation: ValidateDeleteOptions)."""
    found: list[FieldError] = []
    policy = options.get("propagationPolicy")
    if policy is not None and options.get("orphanDependents") is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        found.append(invalid("propagationPolicy", policy, why))
    if policy is not None and policy not in _POLICIES:
        found.append(not_supported("propagationPolicy", policy, (*_POLICIES, "nil"), as_given=True))
    if any(each != "All" for each in options.get("dryRun") or ()):
        found.append(not_supported("dryRun", options["dryRun"], ("All",)))
    if found:
        raise status.invalid(GroupKind("meta.k8s.io", "DeleteOptions"), "", found)


def plan(kind: Kind, obj: Object, options: Object, now: datetime) -> Deletion:
    """For a stored object, which is not changed, and checked options. What is marked has metadata of its own, and
    shares all else with it."""
    if kind.plural == "namespaces" and not kind.group and obj.get("spec", {}).get("finalizers"):
        return _end_namespace(obj, now)
    metadata = obj["metadata"]
    grace = _grace(kind, obj, options)
    finalizers = _finalizers(kind, metadata.get("finalizers") or [], options)
    if "deletionTimestamp" in metadata:
        return _again(obj, options, finalizers)
    if not grace and not finalizers:
        return Deletion(remove=True)
    marked = _own(obj)
    _mark(marked["metadata"], now + timedelta(seconds=grace), grace, finalizers)
    return Deletion(marked=marked)


def _mark(metadata: Object, when: datetime, grace: int, finalizers: list[str]) -> None:
    metadata["deletionTimestamp"] = times.rfc3339(when)
    metadata["deletionGracePeriodSeconds"] = grace
    _with_finalizers({"metadata": metadata}, finalizers)
    if metadata.get("generation"):
        metadata["generation"] += 1


def _grace(kind: Kind, obj: Object, options: Object) -> int:
    """Seconds until the object goes, where its kind knows of such (pods)."""
    if kind.grace_seconds is None:
        return 0
    asked = options.get("gracePeriodSeconds")
    spec = obj.get("spec", {})
    if asked is None:
        asked = spec.get("terminationGracePeriodSeconds", kind.grace_seconds)
    if not spec.get("nodeName") or obj.get("status", {}).get("phase") in ("Failed", "Succeeded"):
        return 0
    return 1 if asked < 0 else int(asked)


def _again(obj: Object, options: Object, finalizers: list[str]) -> Deletion:
    """Of what is being deleted already: the time may only be made shorter."""
    metadata = obj["metadata"]
    current: int | None = metadata.get("deletionGracePeriodSeconds")
    asked: int | None = options.get("gracePeriodSeconds")
    if current is None or asked is None or asked >= current:
        if not current and not finalizers:
            return Deletion(remove=True)
        if finalizers == (metadata.get("finalizers") or []):
            return Deletion()
        return Deletion(marked=_with_finalizers(_own(obj), finalizers))
    if asked <= 0 and not finalizers:
        return Deletion(remove=True)
    marked = _with_finalizers(_own(obj), finalizers)
    began = times.parse(metadata["deletionTimestamp"]) - timedelta(seconds=current)
    marked["metadata"]["deletionTimestamp"] = times.rfc3339(began + timedelta(seconds=asked))
    marked["metadata"]["deletionGracePeriodSeconds"] = max(asked, 0)
    return Deletion(marked=marked)


def _with_finalizers(obj: Object, finalizers: list[str]) -> Object:
    if finalizers:
        obj["metadata"]["finalizers"] = finalizers
    else:
        obj["metadata"].pop("finalizers", None)
    return obj


def _finalizers(kind: Kind, old: list[str], options: Object) -> list[str]:
    """Those of the object, with the garbage collector's as the client wants dependents to be treated."""
    policy = options.get("propagationPolicy")
    orphan = options.get("orphanDependents")
    if policy is None and orphan is None:
        if _GARBAGE & set(old):
            return old
        policy = "Orphan" if kind.delete_strategy == "orphan" else "Background"
    elif policy is None:
        policy = "Orphan" if orphan else "Background"
    others = [name for name in old if name not in _GARBAGE]
    wanted = {"Orphan": [ORPHAN], "Foreground": [FOREGROUND]}.get(policy, [])
    return others + wanted


def _end_namespace(obj: Object, now: datetime) -> Deletion:
    """Its controller empties it first, and then takes its own finalizer out of ``spec``."""
    if "deletionTimestamp" in obj["metadata"]:
        return Deletion()
    marked = _own(obj)
    marked["metadata"]["deletionTimestamp"] = times.rfc3339(now)
    marked["status"] = {**(marked.get("status") or {}), "phase": "Terminating"}
    return Deletion(marked=marked)


def _own(obj: Object) -> Object:
    return {**obj, "metadata": dict(obj["metadata"])}


def is_finished(kind: Kind, obj: Object) -> bool:
    """Whether an object that is being deleted has nothing left to wait for: its update removes it."""
    metadata = obj["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return False
    if kind.plural == "namespaces" and not kind.group and obj.get("spec", {}).get("finalizers"):
        return False
    return not metadata.get("deletionGracePeriodSeconds")
