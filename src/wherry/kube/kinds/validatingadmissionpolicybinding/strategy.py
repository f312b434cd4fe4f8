"""Defaults and rules of ValidatingAdmissionPolicyBindings (k8s.io/kubernetes pkg/apis/admissionregistration)."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.policies import NOT_ENFORCED
from wherry.kube.kinds.policies.matching import default_matching, validate_matching
from wherry.kube.kinds.policies.parameters import validate_reference
from wherry.kube.kinds.rules import SPEC, Found, repeated, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, duplicate, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_ACTIONS = ("Audit", "Deny", "Warn")
_TWICE = (
    "must not contain both Deny and Warn (repeating the same validation failure information in the API response and "
    "headers serves no purpose)"
)


class ValidatingAdmissionPolicyBindingStrategy(Strategy):
    def default(self, obj: Object) -> None:
        default_matching(obj.setdefault("spec", {}).get("matchResources"))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = wanted(SPEC.child("policyName"), spec.get("policyName", ""), names.dns1123_subdomain)
        found += validate_reference(spec.get("paramRef"), SPEC.child("paramRef"))
        found += validate_matching(spec.get("matchResources"), SPEC.child("matchResources"))
        return found + _validate_actions(spec.get("validationActions") or [])

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return (NOT_ENFORCED,)


def _validate_actions(actions: Sequence[str]) -> Found:
    path, found = SPEC.child("validationActions"), Found()
    twice = {position for position, _ in repeated(actions)}
    for position, action in enumerate(actions):
        if action not in _ACTIONS:
            found.append(not_supported(path.index(position), action, _ACTIONS))
        if position in twice:
            found.append(duplicate(path.index(position), action))
    if {"Deny", "Warn"} <= set(actions):
        found.append(invalid(path, actions, _TWICE))
    return found if actions else [required(path, "at least one validation action is required")]
