"""Which requests a policy is about (k8s.io/kubernetes pkg/apis/admissionregistration/validation)."""

from wherry.kube.kinds.checking import choice, set_default
from wherry.kube.kinds.rules import Found, each
from wherry.kube.kinds.webhooks.rules import MATCH_POLICIES, default_rules, validate_named_rule
from wherry.kube.machinery.fielderrors import Path, not_supported, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import validate_label_selector

_CHANGEABLE = ("*", "CONNECT", "CREATE", "UPDATE")
"""Operations with an object that can be changed."""


def default_matching(resources: Object | None) -> None:
    """Of a MatchResources."""
    if resources is None:
        return
    set_default(resources, matchPolicy="Equivalent")
    resources.setdefault("namespaceSelector", {})
    resources.setdefault("objectSelector", {})
    default_rules(resources.get("resourceRules"))
    default_rules(resources.get("excludeResourceRules"))


def validate_constraints(resources: Object | None, path: Path) -> Found:
    """Those of a policy: there is at least one rule."""
    if resources is None:
        return [required(path)]
    found = validate_matching(resources, path)
    return found if resources.get("resourceRules") else [*found, required(path.child("resourceRules"))]


def validate_matching(resources: Object | None, path: Path) -> Found:
    if resources is None:
        return []
    found = choice(path.child("matchPolicy"), resources.get("matchPolicy", ""), MATCH_POLICIES)
    for name in ("namespaceSelector", "objectSelector"):
        found += validate_label_selector(resources.get(name), path.child(name))
    for name in ("resourceRules", "excludeResourceRules"):
        found += each(path.child(name), resources.get(name) or (), validate_named_rule)
    return found


def validate_changeable(resources: Object | None, path: Path) -> Found:
    """That what is matched can be changed."""
    where = path.child("resourceRules", "operations")
    return [
        not_supported(where, operation, _CHANGEABLE)
        for rule in (resources or {}).get("resourceRules") or ()
        for operation in rule.get("operations") or ()
        if operation not in _CHANGEABLE
    ]
