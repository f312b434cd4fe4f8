"""Which endpoints of a service packets go to: pure (k8s.io/kubernetes pkg/proxy/topology.go)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from wherry.kube.machinery.model import Object
from wherry.node.proxy.model import Node, Target

SERVICE_NAME = "kubernetes.io/service-name"
HEADLESS = "service.kubernetes.io/headless"
ANY = ""
"""In place of a pod's uid: whatever pod has the address."""

Withdrawn = Mapping[str, Collection[str]]
"""By address: the pods (their uids) that are about to end and have told so here before the API told."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of one port. ``zones`` and ``nodes`` are the hints whom it is for."""

    target: Target
    ready: bool
    serving: bool
    terminating: bool
    is_local: bool
    zones: frozenset[str] = frozenset()
    nodes: frozenset[str] = frozenset()

    @property
    def is_last_resort(self) -> bool:
        """It still answers, and will not for long."""
        return self.serving and self.terminating


@dataclass(frozen=True, slots=True)
class Groups:
    """``everywhere`` as the traffic policy Cluster says, ``local`` as Local does; ``any``: somebody has endpoints.
    ``serving``: addresses of all that answer, were it not for long."""

    everywhere: frozenset[Target]
    local: frozenset[Target]
    any: bool
    serving: frozenset[str] = frozenset()


def is_usable(address: str) -> bool:
    """Whether packets may be redirected there. The API refuses others (CVE-2021-25737); nobody relies on that here."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified)


def endpoints(
    slices: Iterable[Object], port: tuple[str, str], node: Node, withdrawn: Withdrawn, *, is_ipv6: bool
) -> list[Endpoint]:
    """Of the service port with this name and protocol. What is in several slices is taken from the last."""
    found: dict[Target, Endpoint] = {}
    kind = "IPv6" if is_ipv6 else "IPv4"
    for each in slices:
        if each.get("addressType") != kind or HEADLESS in (each["metadata"].get("labels") or {}):
            continue
        for number in _numbers(each, port):
            for raw in each.get("endpoints") or ():
                endpoint = _endpoint(raw, number, node, withdrawn)
                if endpoint is not None:
                    found[endpoint.target] = endpoint
    return list(found.values())


def groups(found: Collection[Endpoint], node: Node) -> Groups:
    """Ready ones as their hints say; where there are none, those that end but still serve."""
    allowed = _hints(found, node)
    everywhere = _targets(found, lambda each: each.ready and allowed(each))
    everywhere = everywhere or _targets(found, lambda each: each.is_last_resort)
    local = _targets(found, lambda each: each.is_local and each.ready)
    local = local or _targets(found, lambda each: each.is_local and each.is_last_resort)
    serving = frozenset(each.target.address for each in found if each.ready or each.serving)
    return Groups(everywhere, local, any(each.ready or each.is_last_resort for each in found), serving)


def addresses(slice_: Object) -> set[str]:
    """All that are in it, ready or not."""
    return {address for raw in slice_.get("endpoints") or () for address in (raw.get("addresses") or ())[:1]}


def _targets(found: Iterable[Endpoint], wanted: Callable[[Endpoint], bool]) -> frozenset[Target]:
    return frozenset(each.target for each in found if wanted(each))


def _hints(found: Iterable[Endpoint], node: Node) -> Callable[[Endpoint], bool]:
    """Hints count only when every ready endpoint has them and one of them is for here."""
    ready = [each for each in found if each.ready]
    if all(each.nodes for each in ready) and any(node.name in each.nodes for each in ready):
        return lambda each: node.name in each.nodes
    if node.zone and all(each.zones for each in ready) and any(node.zone in each.zones for each in ready):
        return lambda each: node.zone in each.zones
    return lambda each: True


def _numbers(slice_: Object, port: tuple[str, str]) -> list[int]:
    return [
        each["port"]
        for each in slice_.get("ports") or ()
        if each.get("port") and ((each.get("name") or ""), each.get("protocol") or "TCP") == port
    ]


def _endpoint(raw: Object, port: int, node: Node, withdrawn: Withdrawn) -> Endpoint | None:
    """Only the first address counts (discovery/v1 EndpointSlice: consumers use the first)."""
    address = next(iter(raw.get("addresses") or ()), "")
    if not is_usable(address):
        return None
    conditions = raw.get("conditions") or {}
    ready = conditions.get("ready") is not False
    serving = conditions.get("serving")
    serving = ready if serving is None else bool(serving)
    terminating = bool(conditions.get("terminating"))
    uids = withdrawn.get(address, ())
    if ANY in uids or (raw.get("targetRef") or {}).get("uid", ANY) in uids:
        ready, terminating = False, True
    hints = raw.get("hints") or {}
    zones = frozenset(each["name"] for each in hints.get("forZones") or ())
    nodes = frozenset(each["name"] for each in hints.get("forNodes") or ())
    is_local = raw.get("nodeName") == node.name
    return Endpoint(Target(address, port), ready, serving, terminating, is_local, zones, nodes)
