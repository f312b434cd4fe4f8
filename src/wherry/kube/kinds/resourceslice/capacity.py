"""How much of a device's capacity a claim may ask for (k8s.io/kubernetes pkg/apis/resource/validation)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import read_quantity
from wherry.kube.kinds.rules import Found, limited
from wherry.kube.machinery import quantity
from wherry.kube.machinery.fielderrors import Path, duplicate, forbidden, invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import Quantity

_MAX_VALUES = 10
_ONE = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'


def validate_policy(policy: Object, capacity: quantity.Source, path: Path) -> Found:
    """Of a CapacityRequestPolicy; ``capacity``: how much there is."""
    values, bounds, default = policy.get("validValues") or (), policy.get("validRange"), policy.get("default")
    if values and bounds is not None:
        return [forbidden(path, _ONE)]
    if not values and bounds is None:
        return []
    field = "validValues" if values else "validRange"
    if default is None:
        return [required(path.child("default"), f"required when {field} is defined")]
    usual, found = read_quantity(path.child("default"), default)
    most, _ = read_quantity(path, capacity)
    if found:
        return found
    if values:
        return _validate_values(values, usual, most, path.child(field))
    return _validate_range(bounds or {}, usual, most, path.child(field))


def _validate_values(values: Sequence[quantity.Source], default: Quantity, most: Quantity, path: Path) -> Found:
    if found := limited(path, values, _MAX_VALUES):
        return found
    amounts = [read_quantity(path.index(position), value)[0] for position, value in enumerate(values)]
    found = [
        invalid(path.index(position + 1), str(amount), "values must be sorted in ascending order")
        for position, amount in enumerate(amounts[1:])
        if amount < amounts[position]
    ]
    for position, amount in enumerate(amounts):
        if amount > most:
            why = f"option is larger than capacity value: {most}"
            found.append(invalid(path.index(position), str(amount), why))
    found += [
        duplicate(path.index(place), str(amount)) for place, amount in enumerate(amounts) if amount in amounts[:place]
    ]
    if default not in amounts:
        found.append(invalid(path, str(default), "default value is not valid according to the requestPolicy"))
    return found


def _validate_range(bounds: Object, default: Quantity, most: Quantity, path: Path) -> Found:
    if bounds.get("min") is None:
        return [required(path.child("min"), "required when validRange is defined")]
    low, found = read_quantity(path.child("min"), bounds["min"])
    if low > most:
        found.append(invalid(path.child("min"), str(low), f"min is larger than capacity value: {most}"))
    if default < low:
        found.append(invalid(path.child("default"), str(default), f"default is less than min: {low}"))
    checked = [default]
    if bounds.get("max") is not None:
        high, wrong = read_quantity(path.child("max"), bounds["max"])
        found += wrong + _validate_high(high, low, default, most, path)
        checked.append(high)
    if bounds.get("step") is None:
        return found
    step, wrong = read_quantity(path.child("step"), bounds["step"])
    return found + wrong + _validate_step(step, low, most, checked, path.child("step"))


def _validate_high(high: Quantity, low: Quantity, default: Quantity, most: Quantity, path: Path) -> Found:
    found: Found = []
    if low > high:
        found.append(invalid(path.child("max"), str(low), f"min is larger than max: {high}"))
    if high > most:
        found.append(invalid(path.child("max"), str(high), f"max is larger than capacity value: {most}"))
    if default > high:
        found.append(invalid(path.child("default"), str(default), f"default is more than max: {high}"))
    return found


def _validate_step(step: Quantity, low: Quantity, most: Quantity, checked: Sequence[Quantity], path: Path) -> Found:
    """What is checked lies a whole number of steps above the lower bound."""
    if step.nano <= 0:
        return [invalid(path, str(step), "must be greater than zero")]
    found: Found = []
    if low + step > most:
        why = f"one step {low + step} is larger than capacity value: {most}"
        found.append(invalid(path, str(step), why))
    return found + [
        invalid(path, str(amount), f"value is not a multiple of a given step ({step}) from ({low})")
        for amount in checked
        if (amount.nano - low.nano) % step.nano
    ]
