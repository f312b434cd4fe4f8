"""Which objects a quota's scopes select (k8s.io/kubernetes pkg/quota/v1/evaluator/core/pods.go, …claims.go)."""

from collections.abc import Iterator

from wherry.kube.kinds.quotausage.usage import CLAIMS, PODS
from wherry.kube.machinery.model import GroupResource, Object

_COMPUTE = ("cpu", "memory")


def matches(quota: Object, resource: GroupResource, obj: Object) -> bool:
    """All of its scopes select it. A scope that is about another resource selects nothing of this one."""
    return all(_selects(requirement, resource, obj) for requirement in requirements(quota))


def requirements(quota: Object) -> Iterator[Object]:
    """Of ``scopes``, which are the same as "exists", and of ``scopeSelector``."""
    spec = quota.get("spec", {})
    for scope in spec.get("scopes") or ():
        yield {"scopeName": scope, "operator": "Exists"}
    yield from (spec.get("scopeSelector") or {}).get("matchExpressions") or ()


def _selects(requirement: Object, resource: GroupResource, obj: Object) -> bool:
    scope = requirement.get("scopeName", "")
    if resource == CLAIMS:
        return scope == "VolumeAttributesClass" and _in_class(requirement, _attributes_class(obj))
    if resource != PODS:
        return False
    spec = obj.get("spec", {})
    if scope in ("Terminating", "NotTerminating"):
        deadline = spec.get("activeDeadlineSeconds")
        return (deadline is not None) is (scope == "Terminating")
    if scope in ("BestEffort", "NotBestEffort"):
        return is_best_effort(spec) is (scope == "BestEffort")
    if scope == "PriorityClass":
        return _in_class(requirement, spec.get("priorityClassName") or "")
    if scope == "CrossNamespacePodAffinity":
        return uses_other_namespaces(spec.get("affinity") or {})
    return False


def _in_class(requirement: Object, name: str) -> bool:
    values = requirement.get("values") or ()
    operator = requirement.get("operator")
    if operator == "In":
        return name in values
    if operator == "NotIn":
        return name not in values
    return bool(name) == (operator == "Exists")


def _attributes_class(claim: Object) -> str:
    wanted: str = claim.get("spec", {}).get("volumeAttributesClassName") or ""
    return wanted or (claim.get("status") or {}).get("currentVolumeAttributesClassName") or ""


def is_best_effort(spec: Object) -> bool:
    """It asks for no processor and no memory (k8s.io/kubernetes pkg/apis/core/helper/qos)."""
    containers = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
    for resources in (spec.get("resources"), *(each.get("resources") for each in containers)):
        for which in ("requests", "limits"):
            given = (resources or {}).get(which) or {}
            if any(str(given.get(name, "0")) not in ("0", "") for name in _COMPUTE):
                return False
    return True


def uses_other_namespaces(affinity: Object) -> bool:
    """A term names namespaces or selects them."""
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind) or {}
        required = terms.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        preferred = terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        for term in (*required, *(each.get("podAffinityTerm") or {} for each in preferred)):
            if term.get("namespaces") or term.get("namespaceSelector") is not None:
                return True
    return False
