"""Defaults and rules of ValidatingAdmissionPolicies (k8s.io/kubernetes pkg/apis/admissionregistration)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import choice, needed, optional_choice, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.policies import NOT_ENFORCED
from wherry.kube.kinds.policies.matching import default_matching, validate_constraints
from wherry.kube.kinds.policies.parameters import validate_kind, validate_variable
from wherry.kube.kinds.rules import SPEC, STATUS, Found, conditions, distinct, each, name_of
from wherry.kube.kinds.webhooks.rules import FAILURE_POLICIES, validate_conditions
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object

_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_MAX_ANNOTATIONS, _MAX_ANNOTATION_BYTES = 20, 5 * 1024
_NOTHING = "validations or auditAnnotations must contain at least one item"


class ValidatingAdmissionPolicyStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, failurePolicy="Fail")
        default_matching(spec.get("matchConstraints"))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = choice(SPEC.child("failurePolicy"), spec.get("failurePolicy", ""), FAILURE_POLICIES)
        found += validate_kind(spec.get("paramKind"), SPEC.child("paramKind"))
        found += validate_constraints(spec.get("matchConstraints"), SPEC.child("matchConstraints"))
        found += validate_conditions(spec.get("matchConditions") or (), SPEC.child("matchConditions"))
        found += each(SPEC.child("variables"), spec.get("variables") or (), validate_variable)
        validations, annotations = spec.get("validations") or (), spec.get("auditAnnotations") or []
        if not validations and not annotations:
            return [*found, *(required(SPEC.child(name), _NOTHING) for name in ("validations", "auditAnnotations"))]
        found += each(SPEC.child("validations"), validations, _validate_validation)
        return found + _validate_annotations(annotations, name_of(obj))

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status = obj.get("status", {})
        found: Found = []
        where = STATUS.child("typeChecking", "expressionWarnings")
        for position, warning in enumerate(status.get("typeChecking", {}).get("expressionWarnings") or ()):
            found += needed(where.index(position), warning, "warning", "fieldRef")
        return found + conditions(STATUS.child("conditions"), status.get("conditions") or ())

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return (NOT_ENFORCED,)


def _validate_validation(validation: Object, path: Path) -> Found:
    said, computed = validation.get("message", ""), validation.get("messageExpression", "")
    found: Found = []
    if not validation.get("expression", "").strip():
        found.append(required(path.child("expression"), "expression is not specified"))
    if computed and not computed.strip():
        found.append(invalid(path.child("messageExpression"), computed, "must be non-empty if specified"))
    where = path.child("message")
    if said and not said.strip():
        found.append(invalid(where, said, "message must be non-empty if specified"))
    elif "\n" in said.strip() or "\r" in said.strip():
        found.append(invalid(where, said, "message must not contain line breaks"))
    return found + optional_choice(path.child("reason"), validation.get("reason"), _REASONS)


def _validate_annotations(annotations: Sequence[Object], policy: str) -> Found:
    path, found = SPEC.child("auditAnnotations"), Found()
    if len(annotations) > _MAX_ANNOTATIONS:
        why = f"must not have more than {_MAX_ANNOTATIONS} auditAnnotations"
        found.append(invalid(path, annotations, why))
    for position, annotation in enumerate(annotations):
        where, name = path.index(position), f"{policy}/{annotation.get('key', '')}"
        found += names.complain(where.child("key"), name, names.qualified_name(name))
        expression, at = annotation.get("valueExpression", "").strip(), where.child("valueExpression")
        if not expression:
            found.append(required(at, "valueExpression is not specified"))
        elif len(expression.encode()) > _MAX_ANNOTATION_BYTES:
            found.append(required(at, f"must not exceed {_MAX_ANNOTATION_BYTES} bytes in length"))
    return found + distinct(path, (annotation.get("key", "") for annotation in annotations), "key")
