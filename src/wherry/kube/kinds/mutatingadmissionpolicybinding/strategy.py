"""Defaults and rules of MutatingAdmissionPolicyBindings (k8s.io/kubernetes pkg/apis/admissionregistration)."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.policies import NOT_ENFORCED
from wherry.kube.kinds.policies.matching import default_matching, validate_changeable, validate_matching
from wherry.kube.kinds.policies.parameters import validate_reference
from wherry.kube.kinds.rules import SPEC, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError
from wherry.kube.machinery.model import Object

_RESOURCES = SPEC.child("matchResources")


class MutatingAdmissionPolicyBindingStrategy(Strategy):
    def default(self, obj: Object) -> None:
        default_matching(obj.setdefault("spec", {}).get("matchResources"))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = wanted(SPEC.child("policyName"), spec.get("policyName", ""), names.dns1123_subdomain)
        found += validate_reference(spec.get("paramRef"), SPEC.child("paramRef"))
        found += validate_matching(spec.get("matchResources"), _RESOURCES)
        return found + validate_changeable(spec.get("matchResources"), _RESOURCES)

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return (NOT_ENFORCED,)
