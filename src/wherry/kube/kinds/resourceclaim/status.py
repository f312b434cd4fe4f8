"""Rules of the status of ResourceClaims (k8s.io/kubernetes pkg/apis/resource/validation)."""

from collections.abc import Mapping
from typing import Any

from wherry.kube.kinds.addresses import interface_address
from wherry.kube.kinds.checking import immutable, needed
from wherry.kube.kinds.devices.claims import (
    MAX_CONFIGURATIONS,
    Requests,
    names_of_requests,
    validate_reference,
    validate_references,
)
from wherry.kube.kinds.devices.naming import pool_name, request_name, share_id
from wherry.kube.kinds.devices.parts import (
    itself,
    keyed,
    listed,
    validate_binding,
    validate_configuration,
    validate_raw,
    validate_skipped,
    validate_toleration,
)
from wherry.kube.kinds.podspec.scheduling import validate_node_selector
from wherry.kube.kinds.rules import STATUS, Found, conditions, csi_driver_name, distinct, each, limited, longest
from wherry.kube.machinery.fielderrors import Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_MAX_CONSUMERS, _MAX_RESULTS, _MAX_CONDITIONS, _MAX_ADDRESSES = 256, 32, 8, 16
_MAX_INTERFACE, _MAX_HARDWARE = 256, 128
_RESERVED, _ALLOCATION = STATUS.child("reservedFor"), STATUS.child("allocation")
_DELETED = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"


def validate_status(obj: Object, old: Object) -> Found:
    status, before = obj.get("status", {}), old.get("status", {})
    allocation = status.get("allocation")
    found = keyed(_RESERVED, status.get("reservedFor") or (), _MAX_CONSUMERS, _validate_consumer, _uid)
    found += _validate_devices(status)
    found += _validate_reserved(obj, before)
    if allocation is not None and before.get("allocation") is not None:
        return found + immutable(_ALLOCATION, allocation, before["allocation"])
    known = names_of_requests(obj.get("spec", {}).get("devices", {}))
    return found if allocation is None else found + _validate_allocation(allocation, known)


def _uid(consumer: Object) -> str:
    return str(consumer.get("uid", ""))


def _validate_consumer(consumer: Object, path: Path) -> Found:
    return needed(path, consumer, "resource", "name", "uid")


def _validate_reserved(obj: Object, before: Object) -> Found:
    status = obj.get("status", {})
    consumers = status.get("reservedFor") or ()
    if consumers and status.get("allocation") is None:
        return [forbidden(_RESERVED, "may not be specified when `allocated` is not set")]
    known = before.get("reservedFor") or ()
    added = [consumer for consumer in consumers if consumer not in known]
    deleted = obj.get("metadata", {}).get("deletionTimestamp")
    return [forbidden(_RESERVED, _DELETED)] if added and deleted else []


def _key(device: Mapping[str, Any]) -> str:  # Any: JSON
    """As upstream's SharedDeviceID."""
    parts = [device.get(name, "") for name in ("driver", "pool", "device")]
    return "/".join([*parts, device["shareID"]] if device.get("shareID") else parts)


def _validate_devices(status: Object) -> Found:
    results = status.get("allocation", {}).get("devices", {}).get("results") or ()
    allocated = {_key(result) for result in results}
    path, devices = STATUS.child("devices"), status.get("devices") or ()

    def check(device: Object, path: Path) -> Found:
        found = _validate_place(device, path)
        if _key(device) not in allocated:
            found.append(invalid(path, _key(device), "must be an allocated device in the claim"))
        held, where = device.get("conditions") or (), path.child("conditions")
        found += limited(where, held, _MAX_CONDITIONS) + conditions(where, held)
        if device.get("data") is not None:
            found += validate_raw(device["data"], path.child("data"))
        return found + _validate_network(device.get("networkData", {}), path.child("networkData"))

    return each(path, devices, check) + distinct(path, map(_key, devices))


def _validate_place(device: Object, path: Path) -> Found:
    """Which device it is."""
    found = csi_driver_name(path.child("driver"), device.get("driver", ""))
    found += pool_name(path.child("pool"), device.get("pool", ""))
    found += request_name(path.child("device"), device.get("device", ""))
    return found + share_id(path.child("shareID"), device.get("shareID"))


def _validate_network(data: Object, path: Path) -> Found:
    found = longest(path.child("interfaceName"), data.get("interfaceName", ""), _MAX_INTERFACE)
    found += longest(path.child("hardwareAddress"), data.get("hardwareAddress", ""), _MAX_HARDWARE)
    return found + keyed(path.child("ips"), data.get("ips") or (), _MAX_ADDRESSES, _validate_address, itself)


def _validate_address(address: str, path: Path) -> Found:
    return interface_address(path, address)


def _validate_allocation(allocation: Object, known: Requests) -> Found:
    devices, where = allocation.get("devices", {}), _ALLOCATION.child("devices")

    def validate_result(result: Object, path: Path) -> Found:
        found = validate_reference(result.get("request", ""), known, path.child("request"))
        found += _validate_place(result, path) + validate_binding(result, path)
        found += each(path.child("tolerations"), result.get("tolerations") or (), validate_toleration)
        return found + validate_skipped(result.get("skipNodeOperations") or (), path.child("skipNodeOperations"))

    def validate_config(config: Object, path: Path) -> Found:
        found = _validate_source(config.get("source", ""), path.child("source"))
        found += validate_references(config.get("requests") or (), known, path.child("requests"))
        return found + validate_configuration(config, path)

    found = listed(where.child("results"), devices.get("results") or (), _MAX_RESULTS, validate_result)
    most = 2 * MAX_CONFIGURATIONS
    found += listed(where.child("config"), devices.get("config") or (), most, validate_config)
    if allocation.get("nodeSelector") is not None:
        found += validate_node_selector(allocation["nodeSelector"], _ALLOCATION.child("nodeSelector"))
    return found


def _validate_source(source: str, path: Path) -> Found:
    if not source:
        return [required(path)]
    known = ("FromClaim", "FromClass")
    return [] if source in known else [not_supported(path, source, known)]
