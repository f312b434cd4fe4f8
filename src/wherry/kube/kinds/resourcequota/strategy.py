"""Quotas on their way to the store (ValidateResourceQuota, …Update, …StatusUpdate)."""

from collections.abc import Iterable, Sequence

from wherry.kube.kinds.checking import canonical_resources
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.resourcenames import is_standard_for_quota, validate_amount, validate_quota_resource_name
from wherry.kube.kinds.uncounted import Uncounted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object

_SPEC, _STATUS = Path("spec"), Path("status")
_EXISTS_ONLY = ("BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity")
_SCOPES = (*_EXISTS_ONLY, "PriorityClass", "VolumeAttributesClass")
_PAIRS = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
_OF_PODS = frozenset((
    "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory",
))  # fmt: skip
_UNSUPPORTED = "unsupported scope applied to resource"


class ResourceQuotaStrategy(Uncounted):
    """See the module."""

    def default(self, obj: Object) -> None:
        canonical_resources(obj.setdefault("spec", {}).get("hard"))
        for field in ("hard", "used"):
            canonical_resources((obj.get("status") or {}).get(field))

    def prepare_create(self, obj: Object, context: Context) -> None:
        super().prepare_create(obj, context)
        obj["status"] = {}

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec") or {}
        errors = _validate_resources(spec.get("hard") or {}, _SPEC.child("hard"))
        errors += _validate_scopes(spec)
        return errors + _validate_selector(spec)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        scopes, before = ((each.get("spec") or {}).get("scopes") or [] for each in (obj, old))
        errors = [*self.validate(obj, context)]
        if set(scopes) != set(before):
            errors.append(invalid(_SPEC.child("scopes"), scopes, names.IMMUTABLE))
        return errors

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status = obj.get("status") or {}
        errors = _validate_resources(status.get("hard") or {}, _STATUS.child("hard"))
        return errors + _validate_resources(status.get("used") or {}, _STATUS.child("used"))


def _validate_resources(amounts: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for name, amount in amounts.items():
        errors += validate_quota_resource_name(name, path.key(name))
        errors += validate_amount(name, amount, path.key(name))
    return errors


def _applies(scope: str, resource: str) -> bool:
    if scope in ("Terminating", "NotTerminating", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity"):
        return resource == "pods" or resource in _OF_PODS
    if scope == "BestEffort":
        return resource == "pods"
    if scope == "VolumeAttributesClass":
        return resource in ("persistentvolumeclaims", "requests.storage")
    return True


def _wrong_resources(scopes: Iterable[str], hard: Object) -> dict[str, int]:
    """How many of the resources a scope is not for, by scope."""
    standard = [name for name in hard if is_standard_for_quota(name)]
    return {scope: sum(not _applies(scope, name) for name in standard) for scope in set(scopes)}


def _conflicts(scopes: set[str]) -> int:
    return sum(pair <= scopes for pair in _PAIRS)


def _validate_scopes(spec: Object) -> list[FieldError]:
    scopes, hard, at = spec.get("scopes") or [], spec.get("hard") or {}, _SPEC.child("scopes")
    errors: list[FieldError] = []
    wrong = _wrong_resources(scopes, hard)
    for scope in scopes:
        if scope not in _SCOPES:
            errors.append(invalid(at, scopes, "unsupported scope"))
        errors += [invalid(at, scopes, _UNSUPPORTED)] * wrong[scope]
    return errors + [invalid(at, scopes, "conflicting scopes")] * _conflicts(set(scopes))


def _validate_selector(spec: Object) -> list[FieldError]:
    selector = spec.get("scopeSelector")
    if selector is None:
        return []
    hard, at = spec.get("hard") or {}, _SPEC.child("scopeSelector", "matchExpressions")
    errors: list[FieldError] = []
    expressions = selector.get("matchExpressions") or ()
    wrong = _wrong_resources((each.get("scopeName", "") for each in expressions), hard)
    for each in expressions:
        scope = each.get("scopeName", "")
        if scope not in _SCOPES:
            errors.append(invalid(at.child("scopeName"), scope, "unsupported scope"))
        errors += [invalid(at, selector, _UNSUPPORTED)] * wrong[scope]
        errors += _validate_expression(each, scope, at)
    chosen = {each.get("scopeName", "") for each in expressions}
    conflict = invalid(_SPEC.child("scopeSelector", "matchExpressions"), spec.get("scopes") or [], "conflicting scopes")
    return errors + [conflict] * _conflicts(chosen)


def _validate_expression(expression: Object, scope: str, path: Path) -> list[FieldError]:
    operator, values = expression.get("operator", ""), expression.get("values") or []
    errors: list[FieldError] = []
    if scope in _EXISTS_ONLY and operator != "Exists":
        of = (
            "ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
            "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
        )
        errors.append(invalid(path.child("operator"), operator, f"must be 'Exists' when scope is any of {of}"))
    if operator in ("In", "NotIn"):
        if not values:
            least = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            errors.append(required(path.child("values"), least))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            none = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            errors.append(invalid(path.child("values"), values, none))
    else:
        errors.append(invalid(path.child("operator"), operator, "not a valid selector operator"))
    return errors
