"""Defaults and rules of webhook configurations (k8s.io/kubernetes pkg/apis/admissionregistration)."""

from collections.abc import Sequence
from dataclasses import dataclass

from wherry.kube.kinds.checking import optional_choice, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import Found, distinct, each, fully_qualified, repeated
from wherry.kube.kinds.webhooks.clients import default_client, validate_client
from wherry.kube.kinds.webhooks.rules import (
    FAILURE_POLICIES,
    MATCH_POLICIES,
    default_rules,
    validate_conditions,
    validate_rule,
)
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, not_supported, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import validate_label_selector

_WEBHOOKS = Path("webhooks")
_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_REVIEWS = ("v1", "v1beta1")
_MAX_SECONDS = 30


@dataclass(frozen=True, slots=True)
class WebhookStrategy(Strategy):
    """``mutating``: they may change objects, and be asked again."""

    mutating: bool

    def default(self, obj: Object) -> None:
        for hook in obj.get("webhooks") or ():
            set_default(hook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10)
            if self.mutating:
                set_default(hook, reinvocationPolicy="Never")
            hook.setdefault("namespaceSelector", {})
            hook.setdefault("objectSelector", {})
            default_client(hook.get("clientConfig", {}))
            default_rules(hook.get("rules"))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        hooks = obj.get("webhooks") or []
        found = each(_WEBHOOKS, hooks, self._validate_hook)
        given = [hook.get("name") or position for position, hook in enumerate(hooks)]
        return found + distinct(_WEBHOOKS, given, "name")

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return ("this server keeps the configuration but does not call webhooks yet",) if obj.get("webhooks") else ()

    def _validate_hook(self, hook: Object, path: Path) -> Found:
        found = fully_qualified(path.child("name"), hook.get("name", ""), 3)
        found += each(path.child("rules"), hook.get("rules") or (), validate_rule)
        found += optional_choice(path.child("failurePolicy"), hook.get("failurePolicy"), FAILURE_POLICIES)
        found += optional_choice(path.child("matchPolicy"), hook.get("matchPolicy"), MATCH_POLICIES)
        found += _validate_effects(hook, path)
        for name in ("namespaceSelector", "objectSelector"):
            found += validate_label_selector(hook.get(name), path.child(name))
        if self.mutating:
            where = path.child("reinvocationPolicy")
            found += optional_choice(where, hook.get("reinvocationPolicy"), ("IfNeeded", "Never"))
        found += validate_client(hook.get("clientConfig", {}), path.child("clientConfig"))
        found += validate_conditions(hook.get("matchConditions") or (), path.child("matchConditions"))
        return found + _validate_reviews(hook.get("admissionReviewVersions") or [], path)


def _validate_effects(hook: Object, path: Path) -> Found:
    effects, seconds, where = hook.get("sideEffects"), hook.get("timeoutSeconds"), path.child("sideEffects")
    found: Found = []
    if effects is None:
        found.append(required(where, f"must specify one of {', '.join(_SIDE_EFFECTS)}"))
    elif effects not in _SIDE_EFFECTS:
        found.append(not_supported(where, effects, _SIDE_EFFECTS))
    if seconds is not None and not 1 <= seconds <= _MAX_SECONDS:
        why = f"the timeout value must be between 1 and {_MAX_SECONDS} seconds"
        found.append(invalid(path.child("timeoutSeconds"), seconds, why))
    return found


def _validate_reviews(versions: Sequence[str], path: Path) -> Found:
    where, known = path.child("admissionReviewVersions"), ", ".join(_REVIEWS)
    if not versions:
        return [required(where, f"must specify one of {known}")]
    found: Found = []
    twice = {position for position, _ in repeated(versions)}
    for position, version in enumerate(versions):
        if position in twice:
            found.append(invalid(where.index(position), version, "duplicate version"))
        else:
            found += names.complain(where.index(position), version, names.dns1035_label(version))
    if not set(versions) & set(_REVIEWS):
        found.append(invalid(where, versions, f"must include at least one of {known}"))
    return found
