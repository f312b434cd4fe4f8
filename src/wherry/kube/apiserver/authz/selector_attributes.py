"""Selectors in questions about rights: a list is allowed to whom only a part of it is (KEP-4601)."""

from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def as_text(selector: Object | None) -> str:
    """As a query parameter. Requirements that have no such form are left out, which allows no more: what is allowed
    for a wider choice is allowed for a narrower one."""
    if not selector:
        return ""
    if raw := selector.get("rawSelector"):
        return str(raw)
    parts = []
    for each in selector.get("requirements") or ():
        values = list(each.get("values") or ())
        sign = {"In": "=", "NotIn": "!="}.get(each.get("operator", ""))
        if sign and len(values) == 1:
            parts.append(f"{each.get('key', '')}{sign}{_escaped(values[0])}")
    return ",".join(parts)


def _escaped(value: str) -> str:
    for special in ("\\", ",", "="):
        value = value.replace(special, "\\" + special)
    return value


def validate_selectors(asked: Object, path: Path) -> list[FieldError]:
    """What is wrong with the two selectors of ``resourceAttributes``."""
    errors: list[FieldError] = []
    for name in ("fieldSelector", "labelSelector"):
        selector = asked.get(name)
        if selector is not None:
            errors += _validate(selector, path.child(name))
    return errors


def _validate(selector: Object, path: Path) -> list[FieldError]:
    raw, requirements = selector.get("rawSelector"), selector.get("requirements") or ()
    if raw and requirements:
        return [invalid(path.child("rawSelector"), raw, "may not specified at the same time as requirements")]
    if not raw and not requirements:
        why = f"when {path} is specified, requirements or rawSelector is required"
        return [required(path.child("requirements"), why)]
    errors: list[FieldError] = []
    for position, each in enumerate(requirements):
        errors += _validate_requirement(each, path.child("requirements").index(position))
    return errors


def _validate_requirement(requirement: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    operator, values = requirement.get("operator", ""), requirement.get("values") or ()
    if not requirement.get("key"):
        errors.append(required(path.child("key"), "must be specified"))
    if operator in ("In", "NotIn") and not values:
        errors.append(required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"))
    if operator in ("Exists", "DoesNotExist") and values:
        why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        errors.append(forbidden(path.child("values"), why))
    if operator not in _OPERATORS:
        errors.append(not_supported(path.child("operator"), operator, _OPERATORS))
    return errors
