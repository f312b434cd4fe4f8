"""Defaults and rules of FlowSchemas (k8s.io/kubernetes pkg/apis/flowcontrol)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import same, set_default
from wherry.kube.kinds.flowschema.rules import validate_rule
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, STATUS, Found, distinct, each, name_of, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, not_supported, required
from wherry.kube.machinery.model import Object

NOT_ENFORCED = "this server keeps the priorities of requests but does not serve requests by them yet"
_MAX_PRECEDENCE = 10000
_METHODS = ("ByNamespace", "ByUser")


def _for_groups(level: str, precedence: int, *groups: str) -> Object:
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True, "namespaces": ["*"]}
    rule = {
        "subjects": [{"kind": "Group", "group": {"name": group}} for group in groups],
        "resourceRules": [everything],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    }
    return {
        "priorityLevelConfiguration": {"name": level},
        "matchingPrecedence": precedence,
        "rules": [rule],
    }


def mandatory() -> dict[str, Object]:
    """The specifications of those that a server cannot be without (pkg/apis/flowcontrol/bootstrap), by name."""
    rest = _for_groups("catch-all", _MAX_PRECEDENCE, "system:unauthenticated", "system:authenticated")
    return {
        "exempt": _for_groups("exempt", 1, "system:masters"),
        "catch-all": {**rest, "distinguisherMethod": {"type": "ByUser"}},
    }


class FlowSchemaStrategy(Strategy):
    def default(self, obj: Object) -> None:
        set_default(obj.setdefault("spec", {}), matchingPrecedence=1000)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec, name = obj.get("spec", {}), name_of(obj)
        found = _validate_precedence(spec.get("matchingPrecedence", 0), name)
        method = spec.get("distinguisherMethod")
        if method is not None and method.get("type") not in _METHODS:
            found.append(not_supported(SPEC.child("distinguisherMethod", "type"), method, _METHODS))
        level, where = spec.get("priorityLevelConfiguration", {}), SPEC.child("priorityLevelConfiguration", "name")
        found += wanted(where, level.get("name", ""), names.dns1123_subdomain, "must reference a priority level")
        found += each(SPEC.child("rules"), spec.get("rules") or (), validate_rule)
        fixed = mandatory().get(name)
        if fixed is not None and not same(spec, fixed):
            found.append(invalid(SPEC, spec, f"spec of '{name}' must equal the fixed value"))
        return found

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return validate_status(obj.get("status", {}))

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return (NOT_ENFORCED,)


def _validate_precedence(precedence: int, name: str) -> Found:
    path, found = SPEC.child("matchingPrecedence"), Found()
    if precedence <= 0:
        found.append(invalid(path, precedence, "must be a positive value"))
    if precedence > _MAX_PRECEDENCE:
        found.append(invalid(path, precedence, f"must not be greater than {_MAX_PRECEDENCE}"))
    if precedence == 1 and name != "exempt":
        found.append(invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
    return found


def validate_status(status: Object) -> Found:
    """Of priority levels, too: conditions have types, and each once."""
    path, conditions = STATUS.child("conditions"), status.get("conditions") or ()
    found = distinct(path, (condition.get("type", "") for condition in conditions), "type")
    return found + each(path, conditions, _validate_condition)


def _validate_condition(condition: Object, path: Path) -> Found:
    return [] if condition.get("type") else [required(path.child("type"), "must not be empty")]
