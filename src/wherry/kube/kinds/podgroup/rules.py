"""Rules that pod groups and their templates share (k8s.io/kubernetes pkg/apis/scheduling)."""

from collections.abc import Mapping
from typing import Any

from wherry.kube.kinds.checking import immutable, optional_choice
from wherry.kube.kinds.rules import Found, distinct, each, limited, union, without
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, invalid, required
from wherry.kube.machinery.model import Object

_MAX_CLAIMS, _MAX_TOPOLOGIES = 4, 1


def validate_group(group: Object, path: Path) -> Found:
    """What a PodGroup and a PodGroupTemplate have in common."""
    policy, where = group.get("schedulingPolicy", {}), path.child("schedulingPolicy")
    found = union(where, policy, "basic", "gang")
    if policy.get("gang") is not None and policy["gang"].get("minCount", 0) < 1:
        least = policy["gang"].get("minCount", 0)
        found.append(invalid(where.child("gang", "minCount"), least, "must be greater than or equal to 1"))
    if group.get("disruptionMode") is not None:
        found += union(path.child("disruptionMode"), group["disruptionMode"], "single", "all")
    policies = ("Never", "PreemptLowerPriority")
    found += optional_choice(path.child("preemptionPolicy"), group.get("preemptionPolicy"), policies)
    found += _validate_claims(group.get("resourceClaims") or [], path.child("resourceClaims"))
    topologies = group.get("schedulingConstraints", {}).get("topology") or []
    where = path.child("schedulingConstraints", "topology")
    found += limited(where, topologies, _MAX_TOPOLOGIES) + each(where, topologies, _validate_topology)
    if name := group.get("priorityClassName"):
        found += names.complain(path.child("priorityClassName"), name, names.dns1123_subdomain(name))
    return found


def _validate_topology(constraint: Object, path: Path) -> Found:
    key = constraint.get("key", "")
    where = path.child("key")
    return names.complain(where, key, names.qualified_name(key)) if key else [required(where)]


def _validate_claims(claims: list[Object], path: Path) -> Found:
    found = limited(path, claims, _MAX_CLAIMS) + distinct(path, (claim.get("name", "") for claim in claims))
    return found + each(path, claims, _validate_claim)


def _validate_claim(claim: Object, path: Path) -> Found:
    name = claim.get("name", "")
    found = (
        names.complain(path.child("name"), name, names.dns1123_label(name)) if name else [required(path.child("name"))]
    )
    found += union(path, claim, "resourceClaimName", "resourceClaimTemplateName")
    for field in ("resourceClaimName", "resourceClaimTemplateName"):
        if claim.get(field):
            found += names.complain(path.child(field), claim[field], names.dns1123_subdomain(claim[field]))
    return found


def validate_group_change(group: Object, old: Object, path: Path) -> Found:
    """Only how many pods a gang has may change."""
    fields = sorted((group.keys() | old.keys()) - {"schedulingPolicy"})
    found = [error for name in fields for error in immutable(path.child(name), group.get(name), old.get(name))]
    policy, before = _fixed(group.get("schedulingPolicy", {})), _fixed(old.get("schedulingPolicy", {}))
    return found + immutable(path.child("schedulingPolicy"), policy, before)


def _fixed(policy: Mapping[str, Any]) -> Object:  # Any: JSON
    """What is in it, and nothing of a gang but that it is one. A value keeps an empty policy from looking absent."""
    return {kind: {"set": True, **without(value, "minCount")} for kind, value in policy.items() if value is not None}
