"""What becomes of a definition: the names it gets, and whether it is served. Pure.

Upstream has a controller for each condition (k8s.io/apiextensions-apiserver pkg/controller: status, establish,
nonstructuralschema, apiapproval, finalizer); here it is one function of the whole.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from wherry.kube.kinds.customresourcedefinition.naming import approval
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

Names = dict[str, Any]  # as in ``spec.names``, JSON


class _Condition(NamedTuple):
    type: str
    status: bool
    reason: str
    message: str


class _Taken(NamedTuple):
    """Names that other definitions of the group have."""

    resources: frozenset[str]
    kinds: frozenset[str]


def conditions(crd: Object, others: Iterable[Object], now: datetime) -> Object:
    """The status that ``crd`` ought to have: names that are free are accepted, and what has had all of them accepted
    is established from then on. ``others``: all definitions (this one may be among them).

    The same status comes back, equal, when nothing is to change. To be called again when a definition of the group
    has gone, and one by one: what a call accepts, the next must see.
    """
    status = crd.get("status") or {}
    before: Names = status.get("acceptedNames") or {}
    accepted, conflict = _accepted(crd["spec"]["names"], before, _taken(crd, others))
    found = status.get("conditions") or []
    for condition in _conditions(crd, conflict, _is_true(found, "Established")):
        found = _set(found, condition, now)
    found = _without_nonstructural(found)
    versions = crd["spec"].get("versions") or ()
    stored = status.get("storedVersions") or [each["name"] for each in versions if each.get("storage")]
    return {**status, "conditions": found, "acceptedNames": accepted, "storedVersions": stored}


def _taken(crd: Object, others: Iterable[Object]) -> _Taken:
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in others:
        if other["metadata"]["name"] == crd["metadata"]["name"] or other["spec"]["group"] != crd["spec"]["group"]:
            continue
        theirs = (other.get("status") or {}).get("acceptedNames") or {}
        resources.update((theirs.get("plural", ""), theirs.get("singular", ""), *(theirs.get("shortNames") or ())))
        kinds.update((theirs.get("kind", ""), theirs.get("listKind", "")))
    return _Taken(frozenset(resources - {""}), frozenset(kinds - {""}))


def _accepted(wanted: Names, before: Names, taken: _Taken) -> tuple[Names, _Condition | None]:
    """The names it gets, and, when it does not get all, the last that it does not (as upstream tells it)."""
    accepted, conflict = dict(before), None
    for field, others in (
        ("plural", taken.resources), ("singular", taken.resources), ("shortNames", taken.resources),
        ("kind", taken.kinds), ("listKind", taken.kinds),
    ):  # fmt: skip
        problem = _conflict(wanted.get(field), before.get(field), others)
        if problem:
            reason = f"{field[0].upper()}{field[1:]}Conflict"
            conflict = _Condition("NamesAccepted", False, reason, problem)
        elif wanted.get(field):
            accepted[field] = wanted[field]
        else:
            accepted.pop(field, None)
    if wanted.get("categories"):
        accepted["categories"] = wanted["categories"]
    else:
        accepted.pop("categories", None)
    return accepted, conflict


def _conflict(wanted: Any, before: Any, others: frozenset[str]) -> str:
    if wanted == before:
        return ""
    if isinstance(wanted, list):
        used = [f'"{each}" is already in use' for each in wanted if each not in (before or ()) and each in others]
        return used[0] if len(used) == 1 else f"[{', '.join(used)}]" if used else ""
    return f'"{wanted}" is already in use' if wanted in others else ""


def _conditions(crd: Object, conflict: _Condition | None, established: bool) -> Iterable[_Condition]:
    yield conflict or _Condition("NamesAccepted", True, "NoConflicts", "no conflicts found")
    if not established:
        if conflict:
            yield _Condition("Established", False, "NotAccepted", "not all names are accepted")
        else:
            yield _Condition("Established", True, "InitialNamesAccepted", "the initial names have been accepted")
    approved = approval(crd)
    if approved is not None:
        kind = "KubernetesAPIApprovalPolicyConformant"
        yield _Condition(kind, approved.is_given, approved.reason, approved.message)
    if crd["metadata"].get("deletionTimestamp"):
        yield _Condition("Terminating", True, "InstanceDeletionInProgress", "CustomResource deletion is in progress")


def _without_nonstructural(found: list[Object]) -> list[Object]:
    """Schemas that are not structural are refused when they are written: whatever said so, is no longer true."""
    return [each for each in found if each.get("type") != "NonStructuralSchema"]


def _is_true(found: list[Object], kind: str) -> bool:
    return any(each.get("type") == kind and each.get("status") == "True" for each in found)


def _set(found: list[Object], condition: _Condition, now: datetime) -> list[Object]:
    """The list with the condition in it; its time is that of the last change between true and false."""
    made = {
        "type": condition.type,
        "status": "True" if condition.status else "False",
        "lastTransitionTime": rfc3339(now),
        "reason": condition.reason,
        "message": condition.message,
    }
    for position, each in enumerate(found):
        if each.get("type") == condition.type:
            if each.get("status") == made["status"] and each.get("lastTransitionTime"):
                made["lastTransitionTime"] = each["lastTransitionTime"]
            return [*found[:position], {**each, **made}, *found[position + 1 :]]
    return [*found, made]
