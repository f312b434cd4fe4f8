"""The Endpoints object of a service: what was before slices, and is still read. Pure."""

from collections.abc import Sequence

from wherry.kube.controllers.endpoints.facts import Endpoint, Port
from wherry.kube.machinery.model import Object

MOST = 1000
"""Addresses; beyond, some are left out and an annotation says so (pkg/controller/endpoint maxCapacity)."""
_OVER = "endpoints.kubernetes.io/over-capacity"
_MANAGED = "endpoints.kubernetes.io/managed-by"
_MANAGER = "endpoint-controller"


def document(service: Object, found: Sequence[Endpoint], old: Object | None) -> Object | None:
    """What to write; None: it is so already. Addresses are of the service's first family. A pod that has none of the
    service's ports, as who misspells a ``targetPort`` finds, is not in it (pkg/controller/endpoint syncService)."""
    wants_port = bool(service["spec"].get("ports"))
    kept = [each for each in found if (not each.terminating or each.ready) and (each.ports or not wants_port)]
    shown = sorted(kept, key=lambda each: not each.ready)[:MOST]
    meta = service["metadata"]
    labels = {**(meta.get("labels") or {}), _MANAGED: _MANAGER}
    if service["spec"].get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    metadata: Object = {**(old["metadata"] if old else {}), "name": meta["name"], "namespace": meta["namespace"]}
    metadata["labels"] = labels
    annotations = {name: value for name, value in (metadata.get("annotations") or {}).items() if name != _OVER}
    if len(kept) > MOST:
        annotations[_OVER] = "truncated"
    if annotations or "annotations" in metadata:
        metadata["annotations"] = annotations
    new: Object = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": _subsets(shown)}
    if old is not None and _content(old) == _content(new):
        return None
    return new


def is_made(found: Object) -> bool:
    """Whether it was made of a service, and not by somebody else."""
    return (found["metadata"].get("labels") or {}).get(_MANAGED) == _MANAGER


def _content(found: Object) -> tuple[object, ...]:
    meta = found["metadata"]
    return found.get("subsets") or [], meta.get("labels") or {}, meta.get("annotations") or {}


def _subsets(found: Sequence[Endpoint]) -> list[Object]:
    """One for each set of ports, in the order of addresses (api/v1/endpoints RepackSubsets)."""
    groups: dict[tuple[Port, ...], list[Endpoint]] = {}
    for each in found:
        groups.setdefault(each.ports, []).append(each)
    subsets = []
    for ports, members in sorted(groups.items()):
        subset: Object = {}
        for name, is_ready in (("addresses", True), ("notReadyAddresses", False)):
            chosen = sorted((each for each in members if each.ready is is_ready), key=lambda each: each.address)
            if chosen:
                subset[name] = [_address(each) for each in chosen]
        if ports:
            subset["ports"] = [_port(each) for each in ports]
        subsets.append(subset)
    return subsets


def _address(endpoint: Endpoint) -> Object:
    found: Object = {"ip": endpoint.address}
    if endpoint.hostname:
        found["hostname"] = endpoint.hostname
    if endpoint.node:
        found["nodeName"] = endpoint.node
    found["targetRef"] = {
        "kind": "Pod", "namespace": endpoint.namespace, "name": endpoint.pod, "uid": endpoint.uid,
    }  # fmt: skip
    return found


def _port(port: Port) -> Object:
    found: Object = {"port": port.number, "protocol": port.protocol}
    if port.name:
        found["name"] = port.name
    if port.application:
        found["appProtocol"] = port.application
    return found
