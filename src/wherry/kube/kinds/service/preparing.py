"""What an update of a service keeps of what it was given, and loses with its type."""

from typing import Any

from wherry.kube.kinds.service.facts import needs_address, needs_health_check, needs_node_ports
from wherry.kube.machinery.model import Object

_ADDRESSES = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")


def sync_addresses(spec: Object, before: Object | None) -> None:
    """``clusterIP`` is the first of ``clusterIPs``: who changes one of them need not know of the other."""
    one, many = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    if before is None:
        if one and not many:
            spec["clusterIPs"] = [one]
        return
    was, were = before.get("clusterIP") or "", before.get("clusterIPs") or []
    if one == was or many != were:
        return
    if not one:
        spec.pop("clusterIPs", None)
    else:
        spec["clusterIPs"] = [one, *many[1:]]


def keep_allocated(spec: Object, before: Object) -> None:
    """Who sends an object without its addresses and ports (a PUT of a manifest) does not mean to give them back."""
    if needs_address(before) and needs_address(spec):
        for name in ("clusterIP", "clusterIPs"):
            if not spec.get(name) and before.get(name):
                spec[name] = before[name]
    if needs_node_ports(before) and needs_node_ports(spec):
        _keep_node_ports(spec, before)
    if needs_health_check(before) and needs_health_check(spec) and not spec.get("healthCheckNodePort"):
        _set(spec, "healthCheckNodePort", before.get("healthCheckNodePort"))


def _keep_node_ports(spec: Object, before: Object) -> None:
    """Of the same protocol and port, unless somebody else of this service has it now."""
    known = {
        (port.get("protocol"), port.get("port")): port["nodePort"]
        for port in before.get("ports") or ()
        if port.get("nodePort")
    }
    taken = {(port.get("protocol"), port.get("nodePort")) for port in spec.get("ports") or () if port.get("nodePort")}
    for port in spec.get("ports") or ():
        number = known.get((port.get("protocol"), port.get("port")))
        if number and not port.get("nodePort") and (port.get("protocol"), number) not in taken:
            port["nodePort"] = number


def _set(spec: Object, name: str, value: Any) -> None:  # Any: JSON
    if value:
        spec[name] = value


def drop_what_the_type_lacks(spec: Object, before: Object) -> None:
    """Fields that belong to the old type, and that nobody has touched, go with it."""
    if needs_address(before) and not needs_address(spec):
        _drop(spec, before, *_ADDRESSES)
    if needs_node_ports(before) and not needs_node_ports(spec) and _same_node_ports(spec, before):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    if needs_health_check(before) and not needs_health_check(spec):
        _drop(spec, before, "healthCheckNodePort")
    if before.get("type") == "LoadBalancer" and spec.get("type") != "LoadBalancer":
        _drop(spec, before, "allocateLoadBalancerNodePorts", "loadBalancerClass")
    if needs_node_ports(before) and not needs_node_ports(spec) and not spec.get("externalIPs"):
        _drop(spec, before, "externalTrafficPolicy")


def _drop(spec: Object, before: Object, *names: str) -> None:
    for name in names:
        if spec.get(name) == before.get(name):
            spec.pop(name, None)


def _same_node_ports(spec: Object, before: Object) -> bool:
    def held(each: Object) -> set[int]:
        return {port.get("nodePort", 0) for port in each.get("ports") or ()} - {0}

    return held(spec) <= held(before)
