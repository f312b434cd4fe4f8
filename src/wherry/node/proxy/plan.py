"""What follows from a service: pure. Services and slices are API objects, read and not changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import collapse_addresses, ip_address, ip_network

from wherry.kube.machinery.model import Object
from wherry.node.proxy.endpoints import SERVICE_NAME, Groups, Withdrawn, endpoints, groups, is_usable
from wherry.node.proxy.model import NOTHING, Entry, Frontend, Node, Plane, ServiceKey, ServicePlan

OTHER_PROXY = "service.kubernetes.io/service-proxy-name"
DEFAULT_AFFINITY_SECONDS = 10800
_NOWHERE = Frontend(Plane.ADDRESS4, "")
_PROTOCOLS = {"TCP": "tcp", "UDP": "udp", "SCTP": "sctp"}


def service_of(slice_: Object) -> ServiceKey:
    """Whose slice it is; an empty name: nobody's."""
    meta = slice_["metadata"]
    return meta.get("namespace", ""), (meta.get("labels") or {}).get(SERVICE_NAME, "")


def key_of(obj: Object) -> ServiceKey:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def plan(service: Object | None, slices: Sequence[Object], node: Node, withdrawn: Withdrawn) -> ServicePlan:
    """``slices`` are the service's own. No service, or one that is not for a proxy: nothing."""
    if service is None or not is_served(service):
        return NOTHING
    entries: list[Entry] = []
    healthy: set[str] = set()
    local: set[str] = set()
    for is_ipv6 in (False, True):
        for port in service["spec"].get("ports") or ():
            found = _groups(service, slices, port, node, withdrawn, is_ipv6)
            entries += _entries(service, port, found, node, is_ipv6)
            healthy |= {target.address for target in found.local}
            local |= {target.address for target in found.everywhere | found.local if _is_here(target.address, node)}
    return ServicePlan(tuple(entries), frozenset(local), _health_port(service), len(healthy))


def is_served(service: Object) -> bool:
    """Headless services and names of others are for DNS alone; a label leaves a service to another proxy."""
    spec, labels = service["spec"], service["metadata"].get("labels") or {}
    if spec.get("type") == "ExternalName" or OTHER_PROXY in labels:
        return False
    return spec.get("clusterIP") not in (None, "", "None")


def cluster_addresses(service: Object) -> list[str]:
    spec = service["spec"]
    found = spec.get("clusterIPs") or [spec.get("clusterIP")]
    return [each for each in found if each and each != "None"]


def external_addresses(service: Object) -> list[str]:
    """Of the service's own list, and those that a load balancer has given it and leaves to the nodes (``VIP``)."""
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    given = [each["ip"] for each in ingress if each.get("ip") and each.get("ipMode", "VIP") == "VIP"]
    found = [*(service["spec"].get("externalIPs") or ()), *(given if _type(service) == "LoadBalancer" else ())]
    return [each for each in dict.fromkeys(found) if is_usable(each)]


def _type(service: Object) -> str:
    return str(service["spec"].get("type") or "ClusterIP")


def _health_port(service: Object) -> int:
    spec = service["spec"]
    wants = _type(service) == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"
    return int(spec.get("healthCheckNodePort") or 0) if wants else 0


def _groups(
    service: Object, slices: Sequence[Object], port: Object, node: Node, withdrawn: Withdrawn, is_ipv6: bool
) -> Groups:
    stand_in = node.stand_ins.get(key_of(service))
    if stand_in is not None and not service["spec"].get("selector"):
        target = stand_in.target
        here = frozenset([target] if (":" in target.address) == is_ipv6 else [])
        return Groups(here, here, bool(here), frozenset(each.address for each in here))
    name = (port.get("name") or "", port.get("protocol") or "TCP")
    return groups(endpoints(slices, name, node, withdrawn, is_ipv6=is_ipv6), node)


def _entries(service: Object, port: Object, found: Groups, node: Node, is_ipv6: bool) -> Iterator[Entry]:
    spec = service["spec"]
    protocol = _PROTOCOLS.get(port.get("protocol") or "TCP")
    if protocol is None:
        return
    usual = Entry(
        _NOWHERE,
        found.everywhere,
        found.local if spec.get("externalTrafficPolicy") == "Local" else None,
        elsewhere=found.any,
        affinity_seconds=_affinity(spec),
        serving=found.serving if protocol == "udp" else frozenset(),
    )
    internal = found.local if spec.get("internalTrafficPolicy") == "Local" else found.everywhere
    for address in _of(cluster_addresses(service), is_ipv6):
        frontend = Frontend.at(address, protocol, port["port"])
        yield replace(usual, frontend=frontend, targets=internal, outside=None, is_cluster=True)
    for address in _of(external_addresses(service), is_ipv6):
        is_balanced = _type(service) == "LoadBalancer" and address not in (spec.get("externalIPs") or ())
        allowed = _sources(spec, node, address) if is_balanced else ()
        yield replace(usual, frontend=Frontend.at(address, protocol, port["port"]), sources=allowed)
    if port.get("nodePort") and _type(service) in ("NodePort", "LoadBalancer") and _has_family(service, is_ipv6):
        yield replace(usual, frontend=Frontend.of_node(is_ipv6, protocol, port["nodePort"]))


def _of(addresses: Iterable[str], is_ipv6: bool) -> Iterator[str]:
    """Those of a family, as the kernel writes them."""
    return (str(ip_address(each)) for each in addresses if (":" in each) == is_ipv6)


def _has_family(service: Object, is_ipv6: bool) -> bool:
    return any((":" in each) == is_ipv6 for each in cluster_addresses(service))


def _affinity(spec: Object) -> int:
    if spec.get("sessionAffinity") != "ClientIP":
        return 0
    config = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    return int(config.get("timeoutSeconds") or DEFAULT_AFFINITY_SECONDS)


def _sources(spec: Object, node: Node, address: str) -> tuple[str, ...]:
    """Who may use a load balancer's address, as few networks as say the same: an interval set takes none that overlap.
    Where the node may and the address is its own, it asks under that one (pkg/proxy/iptables/proxier.go, on
    ``allowFromNode``). None of this family, though there are others: nobody may."""
    given = [ip_network(each.strip(), strict=False) for each in spec.get("loadBalancerSourceRanges") or ()]
    if not given:
        return ()
    if any(ip_address(own) in network for own in node.addresses for network in given):
        given.append(ip_network(address))
    if ":" in address:
        six = [each for each in given if each.version == 6]
        return tuple(map(str, collapse_addresses(six))) or ("::/128",)
    four = [each for each in given if each.version == 4]
    return tuple(map(str, collapse_addresses(four))) or ("0.0.0.0/32",)


def _is_here(address: str, node: Node) -> bool:
    found = ip_address(address)
    return any(found in network for network in node.pod_networks)
