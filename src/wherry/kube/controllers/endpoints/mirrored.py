"""The slices that say what an Endpoints object written by hand says. Pure.

Rules of k8s.io/kubernetes pkg/controller/endpointslicemirroring: one slice for each set of ports and family, owned by
the Endpoints object, with its labels and annotations; of a subset no more than :data:`MOST` addresses.
"""

import ipaddress
from collections.abc import Iterable, Mapping

import msgspec

from wherry.kube.controllers.endpoints.facts import Port
from wherry.kube.controllers.endpoints.plan import MANAGED_BY, SERVICE, TRIGGER, Plan
from wherry.kube.machinery.model import Object

MOST = 1000
"""Addresses of a subset (kube-controller-manager --mirroring-max-endpoints-per-subset)."""
MANAGER = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
_LEADER = "control-plane.alpha.kubernetes.io/leader"
_NOT_COPIED = frozenset({TRIGGER, "kubectl.kubernetes.io/last-applied-configuration"})
Group = tuple[str, tuple[Port, ...]]
"""Family and ports: what a slice has one of."""


class Mirror(msgspec.Struct):
    """What is to be done; how many addresses were left out because they are none, or because there are too many."""

    plan: Plan = msgspec.field(default_factory=Plan)
    invalid: int = 0
    skipped: int = 0


def is_mirrored(endpoints: Object | None, service: Object | None) -> bool:
    """It is of a service that selects no pods, and nobody asked to leave it alone or elects leaders with it."""
    if endpoints is None or service is None or "deletionTimestamp" in endpoints["metadata"]:
        return False
    if service["spec"].get("selector"):
        return False
    meta = endpoints["metadata"]
    return (meta.get("labels") or {}).get(SKIP) != "true" and _LEADER not in (meta.get("annotations") or {})


def mirror(endpoints: Object, existing: Iterable[Object]) -> Mirror:
    """``existing``: the slices that were made for it before. The plan of an applied plan is empty."""
    made = Mirror()
    wanted = _groups(endpoints, made)
    there: dict[Group, list[Object]] = {}
    for each in sorted(existing, key=lambda each: str(each["metadata"]["name"])):
        there.setdefault((each.get("addressType", ""), _ports(each.get("ports") or ())), []).append(each)
    for group, members in wanted.items():
        same = there.pop(group, [])
        new = _slice(endpoints, group, members, same[0] if same else None)
        if not same:
            made.plan.create.append(new)
        elif _content(new) != _content(same[0]):
            made.plan.update.append(new)
        made.plan.delete += [each["metadata"]["name"] for each in same[1:]]
    made.plan.delete += [each["metadata"]["name"] for slices in there.values() for each in slices]
    return made


def _groups(endpoints: Object, made: Mirror) -> dict[Group, dict[str, Object]]:
    """Endpoints by address."""
    found: dict[Group, dict[str, Object]] = {}
    for subset in endpoints.get("subsets") or ():
        ports = _ports(subset.get("ports") or ())
        added = 0
        for name, is_ready in (("addresses", True), ("notReadyAddresses", False)):
            for raw in subset.get(name) or ():
                if added == MOST:
                    made.skipped += 1
                    continue
                endpoint = _endpoint(raw, is_ready)
                if endpoint is None:
                    made.invalid += 1
                    continue
                added += 1
                (address,) = endpoint["addresses"]
                family = "IPv6" if ":" in address else "IPv4"
                found.setdefault((family, ports), {})[address] = endpoint
    return found


def _endpoint(raw: Object, is_ready: bool) -> Object | None:
    """None: it is no address. One of IPv4 in IPv6's form is one of IPv4."""
    try:
        address = ipaddress.ip_address(raw.get("ip", ""))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    found: Object = {"addresses": [str(address)], "conditions": {"ready": is_ready}}
    for name in ("hostname", "nodeName", "targetRef"):
        if raw.get(name):
            found[name] = raw[name]
    return found


def _ports(raw: Iterable[Object]) -> tuple[Port, ...]:
    found = (
        Port(each.get("name", ""), each.get("port", 0), each.get("protocol", "TCP"), each.get("appProtocol", ""))
        for each in raw
    )
    return tuple(sorted(found))


def _slice(endpoints: Object, group: Group, members: Mapping[str, Object], old: Object | None) -> Object:
    meta = endpoints["metadata"]
    family, ports = group
    owner = {
        "apiVersion": "v1", "kind": "Endpoints", "name": meta["name"], "uid": meta["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip
    metadata: Object = {**(old["metadata"] if old else {"generateName": f"{meta['name']}-"})}
    metadata |= {
        "namespace": meta["namespace"],
        "labels": {**(meta.get("labels") or {}), SERVICE: meta["name"], MANAGED_BY: MANAGER},
        "annotations": {
            name: value for name, value in (meta.get("annotations") or {}).items() if name not in _NOT_COPIED
        },
        "ownerReferences": [owner],
    }
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": family,
        "endpoints": list(members.values()),
        "ports": [_port(each) for each in ports],
    }


def _port(port: Port) -> Object:
    found: Object = {"name": port.name, "port": port.number, "protocol": port.protocol}
    if port.application:
        found["appProtocol"] = port.application
    return found


def _content(found: Object) -> tuple[object, ...]:
    """What is compared: the order of endpoints says nothing."""
    meta = found["metadata"]
    return (
        {each["addresses"][0]: each for each in found.get("endpoints") or ()},
        meta.get("labels") or {},
        meta.get("annotations") or {},
        meta.get("ownerReferences"),
    )
