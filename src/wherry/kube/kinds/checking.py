"""Rules that fields of many kinds share, and their words (pkg/apis/core/validation)."""

from collections.abc import Iterable, Mapping
from typing import Any

from wherry.kube.machinery import names, quantity
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, not_supported, required
from wherry.kube.machinery.model import Object

NOT_POSITIVE = "must be greater than zero"
NOT_AN_INTEGER = "must be an integer"


def nonnegative(path: Path, value: int | None) -> list[FieldError]:
    return [invalid(path, value, names.NEGATIVE)] if value is not None and value < 0 else []


def choice(path: Path, value: str, allowed: Iterable[str]) -> list[FieldError]:
    """Required, and one of these."""
    if not value:
        return [required(path)]
    return [] if value in allowed else [not_supported(path, value, allowed)]


def optional_choice(path: Path, value: str | None, allowed: Iterable[str]) -> list[FieldError]:
    return [] if value is None or value in allowed else [not_supported(path, value, allowed)]


def needed(path: Path, document: Object, *fields: str) -> list[FieldError]:
    """Each of these fields is there and not empty."""
    return [required(path.child(each)) for each in fields if not document.get(each)]


def same(one: object, other: object) -> bool:
    """Whether two values are equal where what is empty is as good as absent (apiequality.Semantic); true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(same(one.get(name), other.get(name)) for name in one.keys() | other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if one == other and isinstance(one, bool) is isinstance(other, bool):
        return True
    return is_empty(one) and is_empty(other)


def is_empty(value: object) -> bool:
    """Absent, as an API with ``omitempty`` has it: zero, empty, false; or an object of nothing else."""
    if isinstance(value, dict):
        return all(is_empty(each) for each in value.values())
    return not value


def immutable(path: Path, value: Any, old: Any) -> list[FieldError]:  # Any: JSON
    return [] if same(value, old) else [invalid(path, value, names.IMMUTABLE)]


def port_number_or_name(path: Path, value: int | str) -> list[FieldError]:
    complaints = names.port_name(value) if isinstance(value, str) else names.port_number(value)
    return names.complain(path, value, complaints)


def canonical_resources(resources: Object | None) -> None:
    """Write the quantities of a ResourceList as the API shows them, to the thousandth. What is no quantity stays."""
    for name, amount in (resources or {}).items():
        try:
            found = quantity.thousandths(amount)
        except ValueError:
            continue
        resources[name] = found  # type: ignore[index]  # it is not None where it has items


def read_quantity(path: Path, amount: quantity.Source) -> tuple[quantity.Quantity, list[FieldError]]:
    """The quantity (zero when it is none), and what is wrong with it."""
    try:
        return quantity.parse(amount), []
    except ValueError as error:
        return quantity.ZERO, [invalid(path, amount, str(error))]


def nonnegative_quantity(path: Path, amount: quantity.Source) -> list[FieldError]:
    found, errors = read_quantity(path, amount)
    return [invalid(path, str(found), names.NEGATIVE)] if found.nano < 0 else errors


def positive_quantity(path: Path, amount: quantity.Source) -> list[FieldError]:
    found, errors = read_quantity(path, amount)
    return errors if errors or found.nano > 0 else [invalid(path, str(found), NOT_POSITIVE)]


def set_default(document: Object, **defaults: Any) -> None:  # Any: JSON
    """Fill in what is absent or the empty text."""
    for name, value in defaults.items():
        if document.get(name) in (None, ""):
            document[name] = value


def texts(found: Mapping[str, Any]) -> dict[str, str]:
    """Fields to select by: texts as they are, truth values in lower case, numbers in digits, absent ones empty."""
    shown: dict[str, str] = {}
    for name, value in found.items():
        if isinstance(value, bool):
            shown[name] = "true" if value else "false"
        else:
            shown[name] = "" if value is None else str(value)
    return shown
