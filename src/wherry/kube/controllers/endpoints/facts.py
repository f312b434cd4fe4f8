"""What a pod is to a service: an address, at certain ports, in a certain state."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from wherry.kube.machinery.model import Object

READY = "Ready"
_ZONE = "topology.kubernetes.io/zone"


class Port(NamedTuple):
    """Of a slice: as the service calls it, where the pod has it."""

    name: str
    number: int
    protocol: str
    application: str = ""


class Endpoint(msgspec.Struct, frozen=True):
    """``serving``: the pod is ready, ending or not; ``ready``: it is to get new connections. ``zones``, ``nodes``: for
    which it is meant (:mod:`.hints`)."""

    address: str
    ports: tuple[Port, ...]
    ready: bool
    serving: bool
    terminating: bool
    pod: str
    namespace: str
    uid: str
    node: str = ""
    zone: str = ""
    hostname: str = ""
    zones: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()


def endpoints(service: Object, pods: Iterable[Object], zones: Mapping[str, str], family: str) -> list[Endpoint]:
    """Of the pods that the service selects, those that have (and keep) an address of the family: ``IPv4``, ``IPv6``."""
    found = []
    for pod in pods:
        status = pod.get("status") or {}
        if status.get("phase") in ("Succeeded", "Failed"):
            continue
        address = _address(status, family)
        if address:
            found.append(_endpoint(service, pod, address, zones))
    return sorted(found, key=lambda each: (each.pod, each.uid))


def _address(status: Object, family: str) -> str:
    wants_six = family == "IPv6"
    ips = [each.get("ip", "") for each in status.get("podIPs") or ()] or [status.get("podIP", "")]
    return next((ip for ip in ips if ip and (":" in ip) is wants_six), "")


def _endpoint(service: Object, pod: Object, address: str, zones: Mapping[str, str]) -> Endpoint:
    meta, spec = pod["metadata"], pod["spec"]
    terminating = "deletionTimestamp" in meta
    serving = is_ready(pod)
    always = bool(service["spec"].get("publishNotReadyAddresses"))
    named = spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]
    node = spec.get("nodeName", "")
    return Endpoint(
        address,
        ports_of(service, pod),
        ready=always or (serving and not terminating),
        serving=serving,
        terminating=terminating,
        pod=meta["name"],
        namespace=meta["namespace"],
        uid=meta["uid"],
        node=node,
        zone=zones.get(node, ""),
        hostname=spec["hostname"] if named else "",
    )


def is_ready(pod: Object) -> bool:
    """Its condition Ready is true."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == READY and each.get("status") == "True" for each in conditions)


def ports_of(service: Object, pod: Object) -> tuple[Port, ...]:
    """The service's ports at this pod; those whose name no container has are left out (pkg/api/v1/pod FindPort)."""
    found = []
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol", "TCP")
        target = port.get("targetPort") or port["port"]
        number = target if isinstance(target, int) else _named(pod, target, protocol)
        if number is not None:
            found.append(Port(port.get("name", ""), number, protocol, port.get("appProtocol", "")))
    return tuple(found)


def _named(pod: Object, name: str, protocol: str) -> int | None:
    sidecars = (each for each in pod["spec"].get("initContainers") or () if each.get("restartPolicy") == "Always")
    for container in (*(pod["spec"].get("containers") or ()), *sidecars):
        for port in container.get("ports") or ():
            if port.get("name") == name and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


def zones_of(nodes: Iterable[Object]) -> dict[str, str]:
    """Zone of a node, where it has one."""
    found = {}
    for node in nodes:
        zone = (node["metadata"].get("labels") or {}).get(_ZONE)
        if zone:
            found[node["metadata"]["name"]] = zone
    return found
