"""Which requests a webhook or a policy is about (k8s.io/kubernetes pkg/apis/admissionregistration/validation)."""

from collections.abc import Sequence, Set

from wherry.kube.kinds.checking import set_default
from wherry.kube.kinds.rules import Found, distinct, each, limited, repeated, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, duplicate, invalid, not_supported, required
from wherry.kube.machinery.model import Object

OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
FAILURE_POLICIES, MATCH_POLICIES = ("Fail", "Ignore"), ("Equivalent", "Exact")
_SCOPES = ("*", "Cluster", "Namespaced")
_MAX_CONDITIONS = 64


def default_rules(rules: Sequence[Object] | None) -> None:
    for rule in rules or ():
        set_default(rule, scope="*")


def validate_rule(rule: Object, path: Path) -> Found:
    """Of a RuleWithOperations."""
    operations, where = rule.get("operations") or [], path.child("operations")
    found = _validate_all(operations, where, "operations")
    for position, operation in enumerate(operations):
        if operation not in OPERATIONS:
            found.append(not_supported(where.index(position), operation, OPERATIONS))
    found += _validate_all(rule.get("apiGroups") or [], path.child("apiGroups"), "API groups")
    versions, where = rule.get("apiVersions") or [], path.child("apiVersions")
    found += _validate_all(versions, where, "API versions")
    found += [required(where.index(position)) for position, version in enumerate(versions) if not version]
    found += _validate_resources(rule.get("resources") or [], path.child("resources"))
    scope = rule.get("scope")
    if scope is not None and scope not in _SCOPES:
        found.append(not_supported(path.child("scope"), scope, _SCOPES))
    return found


def validate_named_rule(rule: Object, path: Path) -> Found:
    """Of a NamedRuleWithOperations."""
    found: Found = []
    where = path.child("resourceNames")
    resources = rule.get("resourceNames") or []
    twice = {position for position, _ in repeated(resources)}
    for position, name in enumerate(resources):
        found += names.complain(where.index(position), name, names.path_segment(name))
        if position in twice:
            found.append(duplicate(where.index(position), name))
    return found + validate_rule(rule, path)


def _validate_all(items: Sequence[str], path: Path, noun: str) -> Found:
    if not items:
        return [required(path)]
    if len(items) > 1 and "*" in items:
        return [invalid(path, items, f"if '*' is present, must not specify other {noun}")]
    return []


def _validate_resources(resources: Sequence[str], path: Path) -> Found:
    """Resources and their subresources: ``pods``, ``pods/status``, ``pods/*``, ``*/scale``, ``*``, ``*/*``."""
    found: Found = [] if resources else [required(path)]
    before: set[str] = set()
    for position, resource in enumerate(resources):
        if not resource:
            found.append(required(path.index(position)))
        found += _validate_covered(resource, before, path.index(position))
        before.add(resource)
    if len(resources) > 1 and "*/*" in resources:
        found.append(invalid(path, resources, "if '*/*' is present, must not specify other resources"))
    # Upstream looks only at the last of the resources that have no subresource.
    plain = [resource for resource in resources if resource and "/" not in resource]
    if "*" in plain and plain[-1] != "*":
        why = "if '*' is present, must not specify other resources without subresources"
        found.append(invalid(path, resources, why))
    return found


def _validate_covered(resource: str, before: Set[str], path: Path) -> Found:
    """By one that stands before it."""
    name, slash, below = resource.partition("/")
    covering = (f"{name}/*", f"*/{below}") if slash else ()
    return [
        invalid(path, resource, f"if '{each}' is present, must not specify {resource}")
        for each in covering
        if each in before
    ]


def validate_conditions(conditions: Sequence[Object], path: Path) -> Found:
    """Of MatchConditions. What their expressions say is not looked at."""
    found = limited(path, conditions, _MAX_CONDITIONS) + each(path, conditions, _validate_condition)
    given = [condition.get("name") or position for position, condition in enumerate(conditions)]
    return found + distinct(path, given, "name")


def _validate_condition(condition: Object, path: Path) -> Found:
    found: Found = [] if condition.get("expression", "").strip() else [required(path.child("expression"))]
    return found + wanted(path.child("name"), condition.get("name", ""), names.qualified_name)
