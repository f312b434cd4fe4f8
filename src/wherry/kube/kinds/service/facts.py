"""What follows from a service's type (pkg/api/service/util.go)."""

from wherry.kube.machinery.model import Object

NO_ADDRESS = "None"
WITH_ADDRESS = ("ClusterIP", "NodePort", "LoadBalancer")
WITH_NODE_PORTS = ("NodePort", "LoadBalancer")


def needs_address(spec: Object) -> bool:
    return spec.get("type") in WITH_ADDRESS


def needs_node_ports(spec: Object) -> bool:
    """It may have them; whether they are given by themselves says :func:`wants_node_ports`."""
    return spec.get("type") in WITH_NODE_PORTS


def wants_node_ports(spec: Object) -> bool:
    if spec.get("type") == "LoadBalancer":
        return spec.get("allocateLoadBalancerNodePorts") is not False
    return spec.get("type") == "NodePort"


def is_external(spec: Object) -> bool:
    """Reachable from outside of the cluster."""
    return needs_node_ports(spec) or (spec.get("type") == "ClusterIP" and bool(spec.get("externalIPs")))


def needs_health_check(spec: Object) -> bool:
    """The load balancer asks each node whether it has pods of the service."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def is_headless(spec: Object) -> bool:
    return list(spec.get("clusterIPs") or ()) == [NO_ADDRESS]


def node_ports(spec: Object) -> set[int]:
    """All ports of nodes that it holds."""
    found = {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}
    if spec.get("healthCheckNodePort"):
        found.add(spec["healthCheckNodePort"])
    return found


def addresses(spec: Object) -> list[str]:
    """The addresses of the cluster that it holds."""
    return [each for each in spec.get("clusterIPs") or () if each and each != NO_ADDRESS]
