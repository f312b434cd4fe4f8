"""Defaults and rules of ResourceSlices (k8s.io/kubernetes pkg/apis/resource)."""

from collections.abc import Iterator, Sequence

from wherry.kube.kinds.checking import set_default
from wherry.kube.kinds.devices.naming import domain_and_name, pool_name
from wherry.kube.kinds.devices.parts import keyed, named, validate_skipped
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.podspec.scheduling import validate_node_selector
from wherry.kube.kinds.resourceslice.attributes import LISTS
from wherry.kube.kinds.resourceslice.device import validate_counters, validate_device
from wherry.kube.kinds.rules import SPEC, Found, canonical, csi_driver_name, unchanged, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

_MAX_DEVICES, _MAX_COMPLEX_DEVICES, _MAX_COUNTER_SETS = 128, 64, 8
_PLACES = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
_ONE_PLACE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"


class ResourceSliceStrategy(Strategy):
    def default(self, obj: Object) -> None:
        for holder in _quantities(obj.setdefault("spec", {})):
            canonical(holder, "value")

    def prepare_create(self, obj: Object, context: Context) -> None:
        for device in obj.get("spec", {}).get("devices") or ():
            for taint in device.get("taints") or ():
                set_default(taint, timeAdded=rfc3339(context.now))

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        self.prepare_create(obj, context)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return _validate_spec(obj.get("spec", {}))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        now, before = obj.get("spec", {}), old.get("spec", {})
        found = unchanged(SPEC.child("pool"), now.get("pool", {}), before.get("pool", {}), "name")
        return _validate_spec(now) + found + unchanged(SPEC, now, before, "driver", "nodeName")


def _quantities(spec: Object) -> Iterator[Object]:
    """What has a quantity as its ``value``."""
    for device in spec.get("devices") or ():
        yield from (device.get("capacity") or {}).values()
        for consumption in device.get("consumesCounters") or ():
            yield from (consumption.get("counters") or {}).values()
    for counters in spec.get("sharedCounters") or ():
        yield from (counters.get("counters") or {}).values()


def _validate_spec(spec: Object) -> Found:
    found = csi_driver_name(SPEC.child("driver"), spec.get("driver", ""))
    found += _validate_pool(spec.get("pool", {}), SPEC.child("pool")) + _validate_place(spec)
    devices, shared = spec.get("devices"), spec.get("sharedCounters")
    if devices is not None and shared is not None:
        found.append(invalid(SPEC, "", "only one of `sharedCounters` or `devices` is allowed"))
    each_has_place = bool(spec.get("perDeviceNodeSelection"))

    def check(device: Object, path: Path) -> Found:
        return validate_device(device, path, each_has_place=each_has_place)

    most = _MAX_COMPLEX_DEVICES if any(map(_is_complex, devices or ())) else _MAX_DEVICES
    found += keyed(SPEC.child("devices"), devices or (), most, check, named)
    found += keyed(SPEC.child("sharedCounters"), shared or (), _MAX_COUNTER_SETS, _validate_set, named)
    if spec.get("partitionTypeAttribute") is not None:
        found += _validate_partitions(spec, SPEC.child("partitionTypeAttribute"))
    return found + validate_skipped(spec.get("skipNodeOperations") or (), SPEC.child("skipNodeOperations"))


def _is_complex(device: Object) -> bool:
    lists = any(attribute.keys() & set(LISTS) for attribute in (device.get("attributes") or {}).values())
    return bool(device.get("taints") or device.get("consumesCounters")) or lists


def _validate_pool(pool: Object, path: Path) -> Found:
    count, generation = pool.get("resourceSliceCount", 0), pool.get("generation", 0)
    found = pool_name(path.child("name"), pool.get("name", ""))
    if count <= 0:
        found.append(invalid(path.child("resourceSliceCount"), count, "must be greater than zero"))
    if generation < 0:
        found.append(invalid(path.child("generation"), generation, "must be greater than or equal to zero"))
    return found


def _validate_place(spec: Object) -> Found:
    there = [f"`{name}`" for name in _PLACES if spec.get(name)]
    found: Found = []
    node, selector = spec.get("nodeName"), spec.get("nodeSelector")
    if node is not None:
        where, why = SPEC.child("nodeName"), "must be either unset or set to a non-empty string"
        found += wanted(where, node, names.dns1123_subdomain) if node else [invalid(where, node, why)]
    if selector is not None:
        found += validate_node_selector(selector, SPEC.child("nodeSelector"))
        terms = selector.get("nodeSelectorTerms") or []
        if len(terms) != 1:
            where = SPEC.child("nodeSelector", "nodeSelectorTerms")
            found.append(invalid(where, terms, "must have exactly one node selector term"))
    for name in ("allNodes", "perDeviceNodeSelection"):
        if spec.get(name) is False:
            found.append(invalid(SPEC.child(name), False, "must be either unset or set to true"))
    if not there:
        return [*found, required(SPEC, _ONE_PLACE)]
    several = invalid(SPEC, f"{{{', '.join(there)}}}", f"{_ONE_PLACE}, but multiple fields are set")
    return found if len(there) == 1 else [*found, several]


def _validate_set(counters: Object, path: Path) -> Found:
    found = wanted(path.child("name"), counters.get("name", ""), names.dns1123_label)
    return found + validate_counters(counters.get("counters") or {}, path.child("counters"))


def _validate_partitions(spec: Object, path: Path) -> Found:
    """Each device that is a part of something says what kind of part, in this attribute."""
    name, devices = spec["partitionTypeAttribute"], spec.get("devices") or ()
    if not any(device.get("consumesCounters") for device in devices):
        return [invalid(path, name, "may only be set on a slice which declares devices that consume counters")]
    if found := domain_and_name(path, name):
        return found
    own = name.removeprefix(f"{spec.get('driver', '')}/")
    for position, device in enumerate(devices):
        attributes, where = device.get("attributes") or {}, SPEC.child("devices").index(position).child("attributes")
        attribute = attributes.get(name, attributes.get(own))
        if device.get("consumesCounters") and attribute is None:
            why = "device consumes counters and `partitionTypeAttribute` names this attribute, so it must be set"
            found.append(required(where.key(name), why))
        elif device.get("consumesCounters") and attribute is not None and attribute.get("string") is None:
            why = "must be a string value because `partitionTypeAttribute` names this attribute"
            found.append(invalid(where.key(name), attribute, why))
    return found
