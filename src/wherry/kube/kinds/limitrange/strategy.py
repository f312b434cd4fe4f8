"""Limit ranges on their way to the store (SetDefaults_LimitRangeItem, ValidateLimitRange)."""

from collections.abc import Sequence
from typing import NamedTuple

from wherry.kube.kinds.checking import canonical_resources, read_quantity
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.resourcenames import (
    may_overcommit,
    validate_container_resource_name,
    validate_resource_name,
)
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate, forbidden, invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import NANO, Quantity

_LIMITS = Path("spec").child("limits")
_TYPES = ("Container", "PersistentVolumeClaim", "Pod")
_LISTS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")


class LimitRangeStrategy(Strategy):
    """See the module."""

    def default(self, obj: Object) -> None:
        for item in obj.setdefault("spec", {}).get("limits") or ():
            if item.get("type") == "Container":
                _default_item(item)
            for name in _LISTS:
                canonical_resources(item.get(name))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        errors: list[FieldError] = []
        seen: set[str] = set()
        for position, item in enumerate((obj.get("spec") or {}).get("limits") or ()):
            at, kind = _LIMITS.index(position), item.get("type", "")
            errors += _validate_type(kind, at.child("type"))
            if kind in seen:
                errors.append(duplicate(at.child("type"), kind))
            seen.add(kind)
            errors += _validate_item(item, kind, at)
        return errors


def _default_item(item: Object) -> None:
    limits = {**(item.get("max") or {}), **(item.get("default") or {})}
    requests = {**(item.get("min") or {}), **limits, **(item.get("defaultRequest") or {})}
    if limits:
        item["default"] = limits
    if requests:
        item["defaultRequest"] = requests


def _validate_type(kind: str, path: Path) -> list[FieldError]:
    if complaints := names.qualified_name(kind):
        return names.complain(path, kind, complaints)
    if "/" not in kind and kind not in _TYPES:
        return [invalid(path, kind, "must be a standard limit type or fully qualified")]
    return []


def _validate_item(item: Object, kind: str, path: Path) -> list[FieldError]:
    rule = validate_container_resource_name if kind in ("Pod", "Container") else validate_resource_name
    errors: list[FieldError] = []
    found: dict[str, dict[str, Quantity]] = {}
    for field in _LISTS:
        amounts = item.get(field) or {}
        if kind == "Pod" and field in ("default", "defaultRequest"):
            if amounts:
                errors.append(forbidden(path.child(field), "may not be specified when `type` is 'Pod'"))
            continue
        for name, amount in amounts.items():
            errors += rule(name, path.child(field).key(name))
            read, wrong = read_quantity(path.child(field).key(name), amount)
            errors += wrong
            found.setdefault(name, {})[field] = read
    if kind == "PersistentVolumeClaim" and not found.get("storage", {}).keys() & {"min", "max"}:
        why = "either minimum or maximum storage value is required, but neither was provided"
        errors.append(required(path.child("limits"), why))
    for name, amounts in found.items():
        errors += _validate_order(name, amounts, path)
    return errors


class _Order(NamedTuple):
    """The first is not above the second; where not, ``field`` is wrong, and ``shown`` is what it shows."""

    low: str
    high: str
    field: str
    shown: str
    words: str


_ORDERS = (
    _Order("min", "max", "min", "min", "min value {} is greater than max value {}"),
    _Order(
        "min", "defaultRequest", "defaultRequest", "defaultRequest",
        "min value {} is greater than default request value {}",
    ),
    _Order(
        "defaultRequest", "max", "defaultRequest", "defaultRequest",
        "default request value {} is greater than max value {}",
    ),
    _Order(
        "defaultRequest", "default", "defaultRequest", "defaultRequest",
        "default request value {} is greater than default limit value {}",
    ),
    _Order("min", "default", "default", "min", "min value {} is greater than default value {}"),
    _Order("default", "max", "default", "max", "default value {} is greater than max value {}"),
)  # fmt: skip


def _validate_order(name: str, amounts: dict[str, Quantity], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for order in _ORDERS:
        low, high = amounts.get(order.low), amounts.get(order.high)
        if low is not None and high is not None and low > high:
            why = order.words.format(low, high)
            errors.append(invalid(path.child(order.field).key(name), str(amounts[order.shown]), why))
    errors += _validate_ratio(amounts, path.child("maxLimitRequestRatio").key(name))
    limit, request = amounts.get("default"), amounts.get("defaultRequest")
    if limit is not None and request is not None and limit != request and not may_overcommit(name):
        why = f"default value {limit} must equal to defaultRequest value {request} in {name}"
        errors.append(invalid(path.child("defaultRequest").key(name), str(request), why))
    return errors


def _validate_ratio(amounts: dict[str, Quantity], path: Path) -> list[FieldError]:
    ratio, low, high = (amounts.get(name) for name in ("maxLimitRequestRatio", "min", "max"))
    if ratio is None:
        return []
    errors = [invalid(path, str(ratio), f"ratio {ratio} is less than 1")] if ratio.nano < NANO else []
    if low is not None and high is not None and low.nano > 0:
        most = high.nano / low.nano
        if ratio.nano / NANO > most:
            errors.append(invalid(path, str(ratio), f"ratio {ratio} is greater than max/min = {most:f}"))
    return errors
