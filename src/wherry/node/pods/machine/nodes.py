"""The Node object: what a new one is, what its status should be, and what is to be written (pkg/kubelet). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.quantity import Format, Quantity, of_milli
from wherry.node.pods.machine.conditions import conditions
from wherry.node.pods.machine.facts import Hardware
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import ImageStatus

NODES = GroupVersionResource("", "v1", "nodes")
_IMAGES, _NAMES = 50, 5
"""As many are shown at most (nodeStatusMaxImages; names of each)."""
_UNITS = 10**9
RUNTIME = "wherry"


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is with the node. ``pressures``: conditions that hold. ``not_ready``: why, or empty. ``runtime_version``
    with its scheme: ``wherry://1.2``."""

    pressures: Mapping[str, str]
    images: Sequence[ImageStatus] = ()
    not_ready: str = ""
    runtime_version: str = ""


def labels(options: Options, hardware: Hardware) -> dict[str, str]:
    """That every node has; those of the options come on top."""
    found = {
        "kubernetes.io/hostname": options.hostname or options.node,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": hardware.architecture,
        "beta.kubernetes.io/os": "linux",
        "beta.kubernetes.io/arch": hardware.architecture,
    }
    return {**found, **options.labels}


def about(name: str) -> Object:
    """What events about it are about: they carry its name for a uid (pkg/kubelet/kubelet.go, nodeRef)."""
    return {"kind": "Node", "apiVersion": "v1", "name": name, "uid": name}


def new_node(options: Options, hardware: Hardware) -> Object:
    node: Object = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": options.node,
            "labels": labels(options, hardware),
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true", **options.annotations},
        },
        "spec": _ranges(options),
    }
    if options.taints:
        node["spec"]["taints"] = [dict(each) for each in options.taints]
    return node


def _ranges(options: Options) -> Object:
    """As the controller manager gives them (``--allocate-node-cidrs``): here the node is where they are chosen."""
    found = list(options.pod_ranges)
    return {"podCIDR": found[0], "podCIDRs": found} if found else {}


def patch(node: Object, options: Options, hardware: Hardware) -> Object | None:
    """What a node that is there already lacks; None: nothing. Ranges that it has stay: they cannot be changed."""
    wanted = {"labels": labels(options, hardware), "annotations": options.annotations}
    missing = {kind: _missing(node["metadata"].get(kind) or {}, values) for kind, values in wanted.items()}
    changed: Object = {}
    if any(missing.values()):
        changed["metadata"] = {kind: each for kind, each in missing.items() if each}
    if options.pod_ranges and not (node.get("spec") or {}).get("podCIDRs"):
        changed["spec"] = _ranges(options)
    return changed or None


def _missing(known: Object, wanted: Mapping[str, str]) -> Object:
    return {name: value for name, value in wanted.items() if known.get(name) != value}


def capacity(options: Options, hardware: Hardware) -> dict[str, Quantity]:
    return {
        "cpu": of_milli(hardware.cpus * 1000),
        "memory": _bytes(hardware.memory_bytes // 1024 * 1024),
        "ephemeral-storage": _bytes(hardware.storage_bytes // 1024 * 1024),
        "pods": Quantity(options.max_pods * _UNITS),
    }


def _bytes(count: int) -> Quantity:
    return Quantity(count * _UNITS, Format.BINARY)


def allocatable(options: Options, hardware: Hardware) -> dict[str, Quantity]:
    """What pods may ask for: all but what is reserved, and what is missing would be pressure."""
    whole, reserved = capacity(options, hardware), options.reserved
    kept_bytes = options.thresholds.of("nodefs.available", hardware.storage_bytes)
    storage = hardware.storage_bytes - kept_bytes - reserved.storage_bytes
    kept_bytes = options.thresholds.of("memory.available", hardware.memory_bytes)
    memory = hardware.memory_bytes - kept_bytes - reserved.memory_bytes
    return {
        "cpu": of_milli(max(hardware.cpus * 1000 - reserved.millicpu, 0)),
        "memory": _bytes(max(memory, 0) // 1024 * 1024),
        "ephemeral-storage": _bytes(max(storage, 0) // 1024 * 1024),
        "pods": whole["pods"],
    }


def status(node: Object, options: Options, hardware: Hardware, standing: Standing, now: datetime) -> Object:
    """The fields that are the node's own."""
    own = {name: str(each) for name, each in capacity(options, hardware).items()}
    others = {name: each for name, each in _known_capacity(node).items() if name not in own}
    free = {name: str(each) for name, each in allocatable(options, hardware).items()}
    return {
        "capacity": {**own, **others},
        "allocatable": {**free, **others},
        "conditions": conditions(standing.pressures, standing.not_ready, node, now),
        "addresses": addresses(options),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": options.port}},
        "nodeInfo": _info(options, hardware, standing),
        "images": shown_images(standing.images),
        "runtimeHandlers": [
            {"name": name, "features": {"recursiveReadOnlyMounts": True, "userNamespaces": True}}
            for name in ("", *(options.handlers or ()))
        ],
        "features": {"supplementalGroupsPolicy": True},
    }


def _known_capacity(node: Object) -> Mapping[str, str]:
    """Also what somebody else has said that the node has (``example.com/dongle``): all of that is for pods."""
    found: Mapping[str, str] = (node.get("status") or {}).get("capacity") or {}
    return found


def addresses(options: Options) -> list[Object]:
    found = [{"type": "InternalIP", "address": each} for each in options.addresses]
    return [*found, {"type": "Hostname", "address": options.hostname or options.node}]


def _info(options: Options, hardware: Hardware, standing: Standing) -> Object:
    return {
        "machineID": hardware.machine_id,
        "systemUUID": hardware.system_uuid,
        "bootID": hardware.boot_id,
        "kernelVersion": hardware.kernel,
        "osImage": hardware.os_image,
        "containerRuntimeVersion": standing.runtime_version or f"{RUNTIME}://0",
        "kubeletVersion": options.version,
        "kubeProxyVersion": "",  # required, and said by nobody any more
        "operatingSystem": "linux",
        "architecture": hardware.architecture,
        "swap": {"capacity": hardware.swap_bytes},
    }


def shown_images(images: Iterable[ImageStatus]) -> list[Object]:
    """The largest."""
    largest = sorted(images, key=lambda each: (-each.size_bytes, each.id))[:_IMAGES]
    found: list[Object] = []
    for each in largest:
        names = [each.reference] if "@" in each.reference else []
        names += [name for name in each.names if name not in names]
        found.append({"names": names[:_NAMES] or [each.id], "sizeBytes": each.size_bytes})
    return found


def difference(node: Object, wanted: Object) -> Object | None:
    """A strategic merge patch of its status; None where nothing has changed but that it still lives."""
    known = node.get("status") or {}
    changed: Object = {}
    for name, value in wanted.items():
        if name == "conditions":
            if _without_times(known.get(name) or []) != _without_times(value):
                changed[name] = value
        elif name == "addresses" and known.get(name) != value:
            changed[name] = [*value, {"$patch": "replace"}]
        elif known.get(name) != value and not (not known.get(name) and not value):
            gone = dict.fromkeys(known.get(name) or {}) if name == "allocatable" else {}
            changed[name] = {**gone, **value} if gone else value
    return {"status": {**changed, "conditions": wanted["conditions"]}} if changed else None


def _without_times(found: list[Object]) -> list[Object]:
    """Of the conditions that are the node's own: others may have some there, too."""
    own = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
    names = ("type", "status", "reason", "message")
    return sorted(
        ({name: each.get(name) for name in names} for each in found if each.get("type") in own),
        key=lambda each: str(each["type"]),
    )
