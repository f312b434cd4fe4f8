"""What of a node's own resources devices stand for, or need (k8s.io/kubernetes pkg/apis/resource/validation)."""

from collections.abc import Mapping

from wherry.kube.kinds.checking import read_quantity
from wherry.kube.kinds.rules import Found
from wherry.kube.machinery.fielderrors import Path, invalid, not_found, required
from wherry.kube.machinery.model import Object

_RESOURCES = ("cpu", "memory", "ephemeral-storage")


def validate_mapped(resources: Mapping[str, Object], capacity: Mapping[str, Object], path: Path) -> Found:
    """Of NodeAllocatableResources, by the name of the resource; ``capacity`` is the device's."""
    found: Found = []
    for name, resource in resources.items():
        where, mapping, overhead = path.key(name), resource.get("mapping"), resource.get("overhead")
        if name not in _RESOURCES and not name.startswith("hugepages-"):
            found.append(invalid(where, name, "must be a node allocatable resource name"))
        if mapping is None and overhead is None:
            found.append(required(where, "at least one of mapping or overhead must be set"))
        if mapping is not None:
            found += _validate_mapping(mapping, capacity, where.child("mapping"))
        if overhead is not None:
            found += _validate_overhead(overhead, where.child("overhead"))
    return found


def _validate_mapping(mapping: Object, capacity: Mapping[str, Object], path: Path) -> Found:
    key, multiplier, found = mapping.get("capacityKey"), mapping.get("capacityMultiplier"), Found()
    if key == "":
        found.append(invalid(path.child("capacityKey"), "", "capacityKey must not be an empty string"))
    elif key is not None and key not in capacity:
        found.append(not_found(path.child("capacityKey"), key))
    if key is not None and multiplier is None:
        why = "capacityMultiplier is required when capacityKey is set"
        found.append(required(path.child("capacityMultiplier"), why))
    if multiplier is not None and key is None:
        found.append(required(path.child("capacityKey"), "capacityKey is required when capacityMultiplier is set"))
    for name in ("capacityMultiplier", "deviceMultiplier"):
        found += _validate_least(mapping, name, path, 1, "must be positive")
    return found


def _validate_overhead(overhead: Object, path: Path) -> Found:
    if overhead.get("perPod") is None and overhead.get("perContainer") is None:
        return [invalid(path, "", "at least one of perPod or perContainer must be set")]
    return [
        error
        for name in ("perPod", "perContainer")
        for error in _validate_least(overhead, name, path, 0, "must be non-negative")
    ]


def _validate_least(holder: Object, name: str, path: Path, least: int, why: str) -> Found:
    """``least``: in billionths."""
    if holder.get(name) is None:
        return []
    amount, found = read_quantity(path.child(name), holder[name])
    return found or ([invalid(path.child(name), str(amount), why)] if amount.nano < least else [])
