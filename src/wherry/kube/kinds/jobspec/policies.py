"""What makes a job fail or succeed before its time: ``podFailurePolicy`` and ``successPolicy``."""

from collections.abc import Collection

from wherry.kube.kinds.jobspec import indexes
from wherry.kube.kinds.rules import Found, counts, distinct, each, limited, longest, one_of
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import OMIT, Path, invalid, required
from wherry.kube.machinery.model import Object

_MAX_RULES, _MAX_EXIT_CODES, _MAX_PATTERNS = 20, 255, 20
_MAX_INDEXES_BYTES = 64 * 1024
_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")


def validate_failure_policy(spec: Object, path: Path) -> Found:
    """Of ``spec.podFailurePolicy``."""
    rules, where = spec["podFailurePolicy"].get("rules") or [], path.child("rules")
    pod = spec.get("template", {}).get("spec", {})
    known = {one.get("name", "") for kind in ("containers", "initContainers") for one in pod.get(kind) or ()}
    found = limited(where, rules, _MAX_RULES)
    return found + each(where, rules, lambda rule, at: _failure_rule(spec, rule, at, known))


def _failure_rule(spec: Object, rule: Object, path: Path, containers: Collection[str]) -> Found:
    action, codes, conditions = rule.get("action", ""), rule.get("onExitCodes"), rule.get("onPodConditions") or []
    if action == "FailIndex":
        found: Found = []
        if spec.get("backoffLimitPerIndex") is None:
            found.append(invalid(path.child("action"), action, "requires the backoffLimitPerIndex to be set"))
    else:
        found = one_of(path.child("action"), action, _ACTIONS)
    if codes is not None:
        found += _exit_codes(codes, path.child("onExitCodes"), containers)
    found += limited(path.child("onPodConditions"), conditions, _MAX_PATTERNS)
    found += each(path.child("onPodConditions"), conditions, _pattern)
    if codes is not None and conditions:
        found.append(invalid(path, OMIT, "specifying both OnExitCodes and OnPodConditions is not supported"))
    if codes is None and not conditions:
        found.append(invalid(path, OMIT, "specifying one of OnExitCodes and OnPodConditions is required"))
    return found


def _exit_codes(codes: Object, path: Path, containers: Collection[str]) -> Found:
    operator, values, where = codes.get("operator", ""), codes.get("values") or [], path.child("values")
    found = one_of(path.child("operator"), operator, ("In", "NotIn"))
    name = codes.get("containerName")
    if name is not None and name not in containers:
        why = "must be one of the container or initContainer names in the pod template"
        found.append(invalid(path.child("containerName"), name, why))
    if not values:
        found.append(invalid(where, values, "at least one value is required"))
    found += limited(where, values, _MAX_EXIT_CODES)
    if operator == "In":
        zeros = [position for position, value in enumerate(values) if value == 0]
        found += [invalid(where.index(position), 0, "must not be 0 for the In operator") for position in zeros]
    found += distinct(where, values)
    return found if values == sorted(values) else [*found, invalid(where, values, "must be ordered")]


def _pattern(pattern: Object, path: Path) -> Found:
    kind = pattern.get("type", "")
    found = names.complain(path.child("type"), kind, names.qualified_name(kind))
    return found + one_of(path.child("status"), pattern.get("status", ""), ("False", "True", "Unknown"))


def validate_success_policy(spec: Object, path: Path) -> Found:
    """Of ``spec.successPolicy``."""
    policy = spec["successPolicy"]
    if spec.get("completionMode", "NonIndexed") != "Indexed":
        return [invalid(path, policy, "requires indexed completion mode")]
    rules, where = policy.get("rules") or [], path.child("rules")
    if not rules:
        return [required(where, "at least one rules must be specified when the successPolicy is specified")]
    found = limited(where, rules, _MAX_RULES)
    completions = spec.get("completions")
    if completions is None:
        return found  # said already; nothing can be compared with it
    return found + each(where, rules, lambda rule, at: _success_rule(rule, at, completions))


def _success_rule(rule: Object, path: Path, completions: int) -> Found:
    wanted, listed = rule.get("succeededCount"), rule.get("succeededIndexes")
    found: Found = []
    if wanted is None and listed is None:
        found.append(required(path, "at least one of succeededCount or succeededIndexes must be specified"))
    total = 0
    if listed is not None:
        where = path.child("succeededIndexes")
        found += longest(where, listed, _MAX_INDEXES_BYTES)
        try:
            total = indexes.count(listed, completions)
        except ValueError as error:
            found.append(invalid(where, listed, f"error parsing succeededIndexes: {error}"))
    if wanted is None:
        return found
    found += counts(path, rule, "succeededCount")
    where = path.child("succeededCount")
    if wanted > completions:
        why = f"must be less than or equal to {completions} (the number of specified completions)"
        found.append(invalid(where, wanted, why))
    if listed is not None and wanted > total:
        why = f"must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
        found.append(invalid(where, wanted, why))
    return found
