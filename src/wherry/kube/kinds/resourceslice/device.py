"""Rules of the devices in a slice (k8s.io/kubernetes pkg/apis/resource/validation)."""

from collections.abc import Mapping

from wherry.kube.kinds.devices.naming import qualified_name, request_name, shortened
from wherry.kube.kinds.devices.parts import keyed, listed, validate_binding, validate_taint
from wherry.kube.kinds.podspec.scheduling import validate_node_selector
from wherry.kube.kinds.resourceslice.attributes import validate_attribute, values_of
from wherry.kube.kinds.resourceslice.capacity import validate_policy
from wherry.kube.kinds.resourceslice.mapping import validate_mapped
from wherry.kube.kinds.rules import Found, distinct, limited, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, forbidden, invalid, required
from wherry.kube.machinery.model import Object

_MAX_PROPERTIES, _MAX_VALUES, _MAX_TAINTS = 32, 48, 16
_MAX_CONSUMPTIONS, _MAX_COUNTERS, _MAX_GROUPS = 2, 32, 2
_SET = "is set to true in the ResourceSlice spec"
_ONE_PLACE = (
    f"exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` {_SET}"
)
_NO_PLACE = f"`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` {_SET}"


def validate_device(device: Object, path: Path, *, each_has_place: bool) -> Found:
    """``each_has_place``: not the slice says where the devices are, each of them does."""
    attributes, capacity = device.get("attributes") or {}, device.get("capacity") or {}
    found = request_name(path.child("name"), device.get("name", ""))
    for total, most, noun in (
        (len(attributes) + len(capacity), _MAX_PROPERTIES, "attributes and capacities"),
        (sum(map(values_of, attributes.values())), _MAX_VALUES, "attribute values"),
    ):
        if total > most:
            found.append(invalid(path, total, f"the total number of {noun} must not exceed {most}"))
    for name, attribute in attributes.items():
        where = path.child("attributes")
        found += qualified_name(where, name) + validate_attribute(attribute, where.key(shortened(name)))
    found += _validate_capacity(capacity, path.child("capacity"), shared=bool(device.get("allowMultipleAllocations")))
    found += listed(path.child("taints"), device.get("taints") or (), _MAX_TAINTS, validate_taint)
    consumed, where = device.get("consumesCounters") or (), path.child("consumesCounters")
    found += keyed(where, consumed, _MAX_CONSUMPTIONS, _validate_consumption, _counter_set)
    found += _validate_place(device, path, each_has_place=each_has_place)
    found += validate_binding(device, path)
    where = path.child("nodeAllocatableResources")
    return found + validate_mapped(device.get("nodeAllocatableResources") or {}, capacity, where)


def _validate_capacity(capacity: Mapping[str, Object], path: Path, *, shared: bool) -> Found:
    """``shared``: several claims may have a part of the device each, by the policies."""
    found: Found = []
    for name, amount in capacity.items():
        found += qualified_name(path, name)
        where = path.key(shortened(name)).child("requestPolicy")
        policy = amount.get("requestPolicy")
        if policy is not None and shared:
            found += validate_policy(policy, amount.get("value", 0), where)
        elif policy is not None:
            found.append(forbidden(where, "allowMultipleAllocations must be true"))
    return found


def _counter_set(consumption: Object) -> str:
    return str(consumption.get("counterSet", ""))


def _validate_consumption(consumption: Object, path: Path) -> Found:
    found = wanted(path.child("counterSet"), _counter_set(consumption), names.dns1123_label)
    found += validate_counters(consumption.get("counters") or {}, path.child("counters"))
    groups, where = consumption.get("compatibilityGroups") or (), path.child("compatibilityGroups")
    return found + limited(where, groups, _MAX_GROUPS) + distinct(where, groups)


def validate_counters(counters: Mapping[str, Object], path: Path) -> Found:
    """Of a set, and of what is taken from it."""
    if not counters:
        return [required(path)]
    return limited(path, list(counters), _MAX_COUNTERS) or [
        error for name in counters for error in request_name(path, name)
    ]


def _validate_place(device: Object, path: Path, *, each_has_place: bool) -> Found:
    there = [name for name in ("nodeName", "nodeSelector", "allNodes") if device.get(name) is not None]
    if not each_has_place:
        return [invalid(path, None, _NO_PLACE)] if there else []
    found: Found = []
    node, selector = device.get("nodeName"), device.get("nodeSelector")
    if node is not None:
        where = path.child("nodeName")
        complaint = [invalid(where, node, "must not be empty")]
        found += wanted(where, node, names.dns1123_subdomain) if node else complaint
    if selector is not None:
        found += validate_node_selector(selector, path.child("nodeSelector"))
    if device.get("allNodes") is False:
        found.append(invalid(path.child("allNodes"), False, "must be either unset or set to true"))
    chosen = [f"`{name}`" for name in there if device[name] or name == "nodeSelector"]
    if not chosen:
        return [*found, required(path, _ONE_PLACE)]
    return found if len(chosen) == 1 else [*found, invalid(path, f"{{{', '.join(chosen)}}}", _ONE_PLACE)]
