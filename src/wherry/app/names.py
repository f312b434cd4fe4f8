"""What this machine is called in a cluster, and where it is; what the files of a cluster's directory are called."""

import re
import socket
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherry.app.config import Settings

_SECOND: Mapping[int, IPv4Network | IPv6Network] = {
    4: IPv6Network("fd00:10:96::/112"),
    6: IPv4Network("10.96.0.0/16"),
}
"""By the family of the first range, the other one: kind's (sigs.k8s.io/kind pkg/apis/config/v1alpha4/default.go)."""
STATE, KEYS, ELSEWHERE = "state.sqlite", "pki", "store"
"""The last has the address of the etcd that keeps the state, where one does."""


def node_name(settings: "Settings") -> str:
    """As it is set; else the host's name, as a name in the API (lower case, kubelet's nodeutil.GetHostname)."""
    if settings.node_name:
        return settings.node_name
    found = re.sub(r"[^a-z0-9.-]+", "-", socket.gethostname().lower()).strip("-.")
    return found or "node"


def is_dual(settings: "Settings") -> bool:
    """Whether pods are to have addresses of both families."""
    return settings.ip_family == "dual" or len(settings.node_pod_cidr) > 1


def service_networks(settings: "Settings") -> tuple[IPv4Network | IPv6Network, ...]:
    """Ranges of services' addresses, one a family, the default one first. Raises ValueError."""
    found = tuple(ip_network(each) for each in settings.api_service_cidr.replace(",", " ").split())
    versions = [each.version for each in found]
    if len(versions) > 2:
        raise ValueError("expected at most two ranges")  # k8s.io/kubernetes cmd/kube-apiserver/app/options
    if len(set(versions)) < len(versions):
        raise ValueError("expected two ranges of different families")
    if is_dual(settings) and len(found) == 1:
        return (*found, _SECOND[found[0].version])
    return found


def dns_address(settings: "Settings") -> str:
    """Of the cluster's name server: the tenth of the range, as kubeadm has it. Raises ValueError."""
    first = service_networks(settings)[0]
    return str(first[10 if first.num_addresses > 10 else -2])


def own_address() -> str:
    """Of the interface with the default route; of none, a documentation address (RFC 5737)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a datagram socket: nothing is sent
        except OSError:
            return "192.0.2.1"
        return str(probe.getsockname()[0])


def endpoint_address(host: str) -> str:
    """The address behind the service ``kubernetes``. Endpoints may not be loopback: then it is the machine's own, for
    whoever can reach it there."""
    if host in ("0.0.0.0", "::") or host.startswith("127.") or host in ("localhost", "::1"):
        return own_address()
    return host


def own_address6() -> str:
    """The same of IPv6; empty: there is no way to anywhere."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect(("2001:db8::1", 9))  # a documentation address (RFC 3849)
            return str(probe.getsockname()[0])
    except OSError:
        return ""
