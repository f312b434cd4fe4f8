"""Parts of devices and of claims for them (k8s.io/kubernetes pkg/apis/resource/validation)."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import msgspec

from wherry.kube.kinds.devices.naming import label_name
from wherry.kube.kinds.rules import Found, csi_driver_name, distinct, each, limited, repeated
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, duplicate, invalid, not_supported, required, too_long
from wherry.kube.machinery.model import Object

EFFECTS = ("NoExecute", "NoSchedule", "None")
MAX_OPAQUE = 10 * 1024
"""Bytes of what only a driver understands."""
_MAX_EXPRESSION = 10 * 1024
_MAX_SELECTORS, _MAX_CONDITIONS = 32, 4


def listed(path: Path, items: Sequence[Any], maximum: int, check: Callable[[Any, Path], Found]) -> Found:
    """Of a list: what is wrong with the elements; when there are too many of them, that only."""
    return limited(path, items, maximum) or each(path, items, check)


def keyed(
    path: Path,
    items: Sequence[Any],
    maximum: int,
    check: Callable[[Any, Path], Found],
    key: Callable[[Any], Hashable],
) -> Found:
    """The same for elements that differ in a key."""
    return limited(path, items, maximum) or each(path, items, check) + distinct(path, map(key, items))


def named(item: Object) -> str:
    return str(item.get("name", ""))


def itself(item: str) -> str:
    return item


def validate_selectors(selectors: Sequence[Object], path: Path) -> Found:
    return listed(path, selectors, _MAX_SELECTORS, _validate_selector)


def _validate_selector(selector: Object, path: Path) -> Found:
    if selector.get("cel") is None:
        return [required(path.child("cel"))]
    return validate_expression(selector["cel"].get("expression", ""), path.child("cel", "expression"))


def validate_expression(expression: str, path: Path) -> Found:
    if not expression.strip():
        return [required(path)]
    return [too_long(path, "", _MAX_EXPRESSION)] if len(expression.encode()) > _MAX_EXPRESSION else []


def validate_configuration(config: Object, path: Path) -> Found:
    """Of a DeviceConfiguration."""
    opaque, where = config.get("opaque"), path.child("opaque")
    if opaque is None:
        return [required(where)]
    found = csi_driver_name(where.child("driver"), opaque.get("driver", ""))
    return found + validate_raw(opaque.get("parameters"), where.child("parameters"))


def validate_raw(data: object, path: Path) -> Found:
    """A JSON object of a limited size."""
    if data is None:
        return [required(path)]
    if len(msgspec.json.encode(data)) > MAX_OPAQUE:
        return [too_long(path, "", MAX_OPAQUE)]
    return [] if isinstance(data, dict) else [invalid(path, "<value omitted>", "must be a valid JSON object")]


def validate_taint(taint: Object, path: Path) -> Found:
    value, effect = taint.get("value", ""), taint.get("effect", "")
    found = label_name(path.child("key"), taint.get("key", ""))
    found += names.complain(path.child("value"), value, names.label_value(value))
    if not effect:
        found.append(required(path.child("effect")))
    elif effect not in EFFECTS:
        found.append(not_supported(path.child("effect"), effect, EFFECTS))
    return found


def validate_toleration(toleration: Object, path: Path) -> Found:
    key, value, effect = (toleration.get(name, "") for name in ("key", "value", "effect"))
    operator = toleration.get("operator", "")
    found = label_name(path.child("key"), key) if key else []
    if operator == "Exists" and value:
        found.append(invalid(path.child("value"), value, "must be empty for operator `Exists`"))
    elif operator == "Equal":
        found += names.complain(path.child("value"), value, names.label_value(value))
    elif not operator:
        found.append(required(path.child("operator")))
    elif operator != "Exists":
        found.append(not_supported(path.child("operator"), operator, ("Equal", "Exists")))
    if effect and effect not in EFFECTS:
        found.append(not_supported(path.child("effect"), effect, EFFECTS))
    return found


def validate_binding(holder: Object, path: Path) -> Found:
    """Conditions that must hold before a pod is bound, and those that say it never will: both or neither."""
    good, bad = (holder.get(name) or [] for name in ("bindingConditions", "bindingFailureConditions"))
    at_good, at_bad = path.child("bindingConditions"), path.child("bindingFailureConditions")
    found = listed(at_good, good, _MAX_CONDITIONS, _validate_condition)
    found += listed(at_bad, bad, _MAX_CONDITIONS, _validate_condition)
    found += distinct(at_good, good)
    twice, of_both = {position for position, _ in repeated(bad)}, set(good)
    for position, condition in enumerate(bad):
        if position in twice:
            found.append(duplicate(at_bad.index(position), condition))
        if condition in of_both:
            why = "bindingFailureConditions must not overlap with bindingConditions"
            found.append(invalid(at_bad.index(position), condition, why))
    if bad and not good:
        found.append(invalid(at_good, good, "bindingConditions are required to use bindingFailureConditions"))
    if good and not bad:
        found.append(invalid(at_bad, bad, "bindingFailureConditions are required to use bindingConditions"))
    return found


def _validate_condition(condition: str, path: Path) -> Found:
    return label_name(path, condition)


_OPERATIONS = ("*", "NodePrepareResources", "NodeUnprepareResources")


def validate_skipped(operations: Sequence[str], path: Path) -> Found:
    """Operations on the node that a driver does without."""
    found = [
        not_supported(path.index(position), operation, _OPERATIONS)
        for position, operation in enumerate(operations)
        if operation not in _OPERATIONS
    ]
    found += distinct(path, operations)
    skipped = set(operations)
    if "NodePrepareResources" in skipped and not skipped & {"NodeUnprepareResources", "*"}:
        why = "NodePrepareResources cannot be skipped unless NodeUnprepareResources is also skipped"
        found.append(invalid(path, list(operations), why))
    return found
