"""Defaults and rules of MutatingAdmissionPolicies (k8s.io/kubernetes pkg/apis/admissionregistration)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import choice, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.policies import NOT_ENFORCED
from wherry.kube.kinds.policies.matching import default_matching, validate_changeable, validate_constraints
from wherry.kube.kinds.policies.parameters import validate_kind, validate_variable
from wherry.kube.kinds.rules import SPEC, Found, each
from wherry.kube.kinds.webhooks.rules import FAILURE_POLICIES, validate_conditions
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_PATCHES = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
"""The types of patches, and the fields they are in."""


class MutatingAdmissionPolicyStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, failurePolicy="Fail")
        default_matching(spec.get("matchConstraints"))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = choice(SPEC.child("failurePolicy"), spec.get("failurePolicy", ""), FAILURE_POLICIES)
        found += validate_kind(spec.get("paramKind"), SPEC.child("paramKind"))
        where = SPEC.child("matchConstraints")
        found += validate_constraints(spec.get("matchConstraints"), where)
        found += validate_changeable(spec.get("matchConstraints"), where)
        found += validate_conditions(spec.get("matchConditions") or (), SPEC.child("matchConditions"))
        found += each(SPEC.child("variables"), spec.get("variables") or (), validate_variable)
        where = SPEC.child("mutations")
        if not spec.get("mutations"):
            found.append(required(where, "mutations must contain at least one item"))
        found += each(where, spec.get("mutations") or (), _validate_mutation)
        policy = spec.get("reinvocationPolicy", "")
        return found + choice(SPEC.child("reinvocationPolicy"), policy, ("IfNeeded", "Never"))

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return (NOT_ENFORCED,)


def _validate_mutation(mutation: Object, path: Path) -> Found:
    kind = mutation.get("patchType", "")
    if kind not in _PATCHES:
        where = path.child("patchType")
        return [not_supported(where, kind, _PATCHES) if kind else required(where)]
    field = _PATCHES[kind]
    patch, found = mutation.get(field), Found()
    if patch is None:
        found.append(required(path.child(field), f"must be specified when patchType is {kind}"))
    elif not patch.get("expression", "").strip():
        found.append(required(path.child(field, "expression")))
    other = next(name for name in _PATCHES.values() if name != field)
    if mutation.get(other) is not None:
        why = f"must not be specified when patchType is {kind}"
        found.append(invalid(path.child(other), f"{{{other}}}", why))
    return found
