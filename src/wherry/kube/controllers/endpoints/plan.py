"""From the slices that are there to those that ought to be, with as few writes as it takes. Pure.

Slices of other ports or another family are other slices. Whoever is in a slice stays in it; what is new goes into the
fullest that has room; a slice that has nobody left goes.
"""

from collections.abc import Iterable, Sequence

import msgspec

from wherry.kube.controllers.endpoints.facts import Endpoint, Port
from wherry.kube.machinery.model import Object

MOST = 100
"""Endpoints in a slice (kube-controller-manager --max-endpoints-per-slice)."""
MANAGER = "endpointslice-controller.k8s.io"
SERVICE, MANAGED_BY, HEADLESS = (
    "kubernetes.io/service-name",
    "endpointslice.kubernetes.io/managed-by",
    "service.kubernetes.io/headless",
)
_OWN = frozenset({SERVICE, MANAGED_BY, HEADLESS})
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"


class Plan(msgspec.Struct):
    """Slices to make (without a name), to write in their place, to delete (their names)."""

    create: list[Object] = msgspec.field(default_factory=list)
    update: list[Object] = msgspec.field(default_factory=list)
    delete: list[str] = msgspec.field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.create or self.update or self.delete)


def plan(service: Object, wanted: dict[str, Sequence[Endpoint]], existing: Iterable[Object]) -> Plan:
    """``wanted``: endpoints by family (``addressType``). ``existing``: the slices that we made for the service."""
    made = Plan()
    there = list(existing)
    for family, found in wanted.items():
        groups: dict[tuple[Port, ...], list[Endpoint]] = {}
        for each in found:
            groups.setdefault(each.ports, []).append(each)
        mine = [each for each in there if each.get("addressType") == family]
        if not groups:
            _leave_one(service, family, mine, made)
            continue
        for ports, members in groups.items():
            same = [each for each in mine if _ports(each) == ports]
            _fill(service, family, ports, members, same, made)
        made.delete += [each["metadata"]["name"] for each in mine if _ports(each) not in groups]
    made.delete += [each["metadata"]["name"] for each in there if each.get("addressType") not in wanted]
    return made


def _leave_one(service: Object, family: str, mine: Sequence[Object], made: Plan) -> None:
    """A service without endpoints has one empty slice, so that who watches knows it was looked at."""
    for each in mine[1:]:
        made.delete.append(each["metadata"]["name"])
    _put(service, family, (), [], mine[0] if mine else None, made)


def _fill(
    service: Object, family: str, ports: tuple[Port, ...], members: list[Endpoint], same: list[Object], made: Plan
) -> None:
    by_uid = {each.uid: each for each in members}
    kept: list[tuple[Object, list[Endpoint]]] = []
    for old in same:
        uids = [(each.get("targetRef") or {}).get("uid") for each in old.get("endpoints") or ()]
        kept.append((old, [by_uid.pop(uid) for uid in uids if uid in by_uid]))
    fresh = sorted(by_uid.values(), key=lambda each: (each.pod, each.uid))
    for old, inside in sorted(kept, key=lambda each: -len(each[1])):
        room = MOST - len(inside)
        inside += fresh[:room]
        fresh = fresh[room:]
        if inside:
            _put(service, family, ports, inside, old, made)
        else:
            made.delete.append(old["metadata"]["name"])
    for start in range(0, len(fresh), MOST):
        _put(service, family, ports, fresh[start : start + MOST], None, made)


def _put(
    service: Object, family: str, ports: tuple[Port, ...], members: Sequence[Endpoint], old: Object | None, made: Plan
) -> None:
    new = _slice(service, family, ports, members, old)
    if old is None:
        made.create.append(new)
    elif _content(new) != _content(old):
        made.update.append(new)


def _content(found: Object) -> tuple[object, ...]:
    meta = found["metadata"]
    return found.get("endpoints") or [], found.get("ports") or [], meta.get("labels"), meta.get("ownerReferences")


def _slice(
    service: Object, family: str, ports: tuple[Port, ...], members: Sequence[Endpoint], old: Object | None
) -> Object:
    meta = service["metadata"]
    labels = {name: value for name, value in (meta.get("labels") or {}).items() if name not in _OWN}
    labels |= {SERVICE: meta["name"], MANAGED_BY: MANAGER}
    if service["spec"].get("clusterIP") == "None":
        labels[HEADLESS] = ""
    owner = {
        "apiVersion": "v1", "kind": "Service", "name": meta["name"], "uid": meta["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip
    metadata: Object = {**(old["metadata"] if old else {"generateName": f"{meta['name']}-"})}
    metadata |= {"namespace": meta["namespace"], "labels": labels, "ownerReferences": [owner]}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": family,
        "endpoints": [_shown(each) for each in members],
        "ports": [_port(each) for each in ports],
    }


def _shown(endpoint: Endpoint) -> Object:
    found: Object = {
        "addresses": [endpoint.address],
        "conditions": {
            "ready": endpoint.ready, "serving": endpoint.serving, "terminating": endpoint.terminating,
        },
        "targetRef": {
            "kind": "Pod", "namespace": endpoint.namespace, "name": endpoint.pod, "uid": endpoint.uid,
        },
    }  # fmt: skip
    optional = {"nodeName": endpoint.node, "zone": endpoint.zone, "hostname": endpoint.hostname}
    found.update((name, value) for name, value in optional.items() if value)
    for_whom = {"forZones": endpoint.zones, "forNodes": endpoint.nodes}
    hints = {kind: [{"name": each} for each in names] for kind, names in for_whom.items() if names}
    return {**found, "hints": hints} if hints else found


def _port(port: Port) -> Object:
    found: Object = {"name": port.name, "port": port.number, "protocol": port.protocol}
    if port.application:
        found["appProtocol"] = port.application
    return found


def _ports(found: Object) -> tuple[Port, ...]:
    return tuple(
        Port(each.get("name", ""), each.get("port", 0), each.get("protocol", "TCP"), each.get("appProtocol", ""))
        for each in found.get("ports") or ()
    )
