"""Rules about lists, names, conditions and changes: what :mod:`wherry.kube.kinds.checking` is for single values.

Texts and their order: k8s.io/apimachinery pkg/util/validation and pkg/apis/meta/v1/validation, k8s.io/kubernetes
pkg/apis/core/validation.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from wherry.kube.kinds.checking import immutable, nonnegative
from wherry.kube.machinery import names, quantity
from wherry.kube.machinery.fielderrors import (
    ErrorType,
    FieldError,
    Path,
    duplicate,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)
from wherry.kube.machinery.model import Object

SPEC, STATUS, METADATA = Path("spec"), Path("status"), Path("metadata")
Found = list[FieldError]


def wanted(path: Path, value: str, check: names.NameCheck, detail: str = "") -> Found:
    """A text that must be there and pass."""
    return names.complain(path, value, check(value)) if value else [required(path, detail)]


def counts(path: Path, holder: Mapping[str, Any], *fields: str) -> Found:  # Any: JSON
    """Fields that are numbers, and not negative, where they are there."""
    return [error for each in fields for error in nonnegative(path.child(each), holder.get(each))]


def one_of(path: Path, value: str, supported: Sequence[str]) -> Found:
    """As ``choice``, where upstream says the values of what is missing, too."""
    if value:
        return [] if value in supported else [not_supported(path, value, supported)]
    listed = " ".join(f'"{item}"' for item in supported)
    return [required(path, f"valid values: [{listed}]")]


def unsupported(path: Path, value: object, *supported: str) -> FieldError:
    """As ``not_supported``, where upstream shows what is supported in an order of its own."""
    listed = ", ".join(f'"{each}"' for each in supported)
    return FieldError(ErrorType.NOT_SUPPORTED, path, value, f"supported values: {listed}")


def unchanged(path: Path, new: Mapping[str, Any], old: Mapping[str, Any], *fields: str) -> Found:  # Any: JSON
    """Fields that no update may change."""
    return [error for each in fields for error in immutable(path.child(each), new.get(each), old.get(each))]


def without(obj: Object, *fields: str) -> Object:
    """A copy that lacks some fields."""
    return {name: value for name, value in obj.items() if name not in fields}


def limited(path: Path, items: Sequence[Any], maximum: int) -> Found:  # Any: only counted
    return [too_many(path, len(items), maximum)] if len(items) > maximum else []


Item = Callable[[Any, Path], Found]  # Any: an element of a list


def each(path: Path, items: Sequence[Any], check: Item) -> Found:
    """What is wrong with the elements of a list."""
    return [error for position, item in enumerate(items) for error in check(item, path.index(position))]


def distinct(path: Path, keys: Iterable[Any], *below: str) -> Found:  # Any: what is compared, JSON
    """Keys of the elements of a list; one that was there before is wrong, at the field ``below`` of its element."""
    found: Found = []
    for position, key in repeated(keys):
        where = path.index(position)
        found.append(duplicate(where.child(*below) if below else where, key))
    return found


def repeated(values: Iterable[Any]) -> Iterator[tuple[int, Any]]:  # Any: what is compared, JSON
    """Those that were there before, with their positions. Takes time that grows with their number only."""
    seen: set[Any] = set()
    for position, value in enumerate(values):
        known = value if isinstance(value, str | int) else msgspec.json.encode(value, order="sorted")
        if known in seen:
            yield position, value
        seen.add(known)


def canonical(holder: Object, *fields: str) -> None:
    """Write quantities as the API shows them. What is none stays."""
    for name in fields:
        if holder.get(name) is not None:
            try:
                holder[name] = quantity.canonical(holder[name])
            except ValueError:
                continue


def longest(path: Path, value: str, maximum: int) -> Found:
    """``maximum`` in bytes."""
    return [too_long(path, "", maximum)] if len(value.encode()) > maximum else []


def domain_prefixed_path(path: Path, value: str) -> Found:
    """``acme.io/foo``: a domain, a slash, a path."""
    if not value:
        return [required(path)]
    domain, _, below = value.partition("/")
    if not domain or not below:
        return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    found = [invalid(path, domain, why) for why in names.dns1123_subdomain(domain)]
    return found + names.complain(path, below, names.http_path(below))


def fully_qualified(path: Path, value: str, segments: int) -> Found:
    """A domain of so many segments at least; one of two may end with a dot."""
    if not value:
        return [required(path)]
    name = value.removesuffix(".") if segments == 2 else value
    if complaints := names.dns1123_subdomain(name):
        return [invalid(path, name, ",".join(complaints))]
    labels = name.split(".")
    if len(labels) < segments:
        words = {2: "two", 3: "three"}[segments]
        return [invalid(path, name, f"should be a domain with at least {words} segments separated by dots")]
    wrong = ((label, names.dns1123_label(label)) for label in labels if segments == 2)
    return next(([invalid(path, label, ",".join(found))] for label, found in wrong if found), [])


def csi_driver_name(path: Path, value: str) -> Found:
    """A domain of at most 63 bytes, in any case; drivers of devices have such names, too."""
    found = [] if value else [required(path)]
    if len(value.encode()) > 63:
        found.append(too_long(path, value, 63))
    return found + names.complain(path, value, names.dns1123_subdomain(value.lower()))


_STATUSES = ("True", "False", "Unknown")
_MAX_REASON, _MAX_MESSAGE = 1024, 32 * 1024


def conditions(path: Path, items: Sequence[Object]) -> Found:
    """Of metav1.Condition."""
    found: Found = []
    seen: set[str] = set()
    for position, item in enumerate(items):
        where, kind = path.index(position), item.get("type", "")
        if kind in seen:
            found.append(duplicate(where.child("type"), kind))
        seen.add(kind)
        found += _condition(where, item)
    return found


def _condition(path: Path, item: Object) -> Found:
    kind, status, reason = item.get("type", ""), item.get("status", ""), item.get("reason", "")
    found = names.complain(path.child("type"), kind, names.qualified_name(kind))
    if status not in _STATUSES:
        found.append(not_supported(path.child("status"), status, _STATUSES))
    if item.get("observedGeneration", 0) < 0:
        where = path.child("observedGeneration")
        found.append(invalid(where, item["observedGeneration"], "must be greater than or equal to zero"))
    if not item.get("lastTransitionTime"):
        found.append(required(path.child("lastTransitionTime"), "must be set"))
    found += wanted(path.child("reason"), reason, names.condition_reason, "must be set")
    found += longest(path.child("reason"), reason, _MAX_REASON)
    return found + longest(path.child("message"), item.get("message", ""), _MAX_MESSAGE)


def true_condition(obj: Object, kind: str) -> bool:
    """Whether the status has a condition of that type, with status ``True``."""
    found = obj.get("status", {}).get("conditions") or ()
    return any(item.get("type") == kind and item.get("status") == "True" for item in found)


def name_of(obj: Object) -> str:
    return str(obj.get("metadata", {}).get("name", ""))


def surprising_name(obj: Object) -> list[str]:
    """The warning about names that become part of host names and are no DNS label."""
    complaints = names.dns1123_label(name_of(obj)) if name_of(obj) else []
    if not complaints:
        return []
    why = "this is used in Pod names and hostnames, which can result in surprising behavior"
    return [f"metadata.name: {why}; a DNS label is recommended: [{' '.join(complaints)}]"]


def union(path: Path, holder: Mapping[str, Any], *fields: str) -> Found:  # Any: JSON
    """Exactly one of some fields (k8s.io/apimachinery pkg/api/validate/union.go)."""
    there = [f"`{name}`" for name in fields if holder.get(name) is not None]
    listed = ", ".join(f"`{name}`" for name in fields)
    if not there:
        return [invalid(path, "", f"must specify one of: {listed}")]
    if len(there) > 1:
        return [invalid(path, f"{{{', '.join(there)}}}", f"must specify exactly one of: {listed}")]
    return []
