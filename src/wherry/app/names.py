"""What this machine is called in a cluster, and where it is; what the files of a cluster's directory are called."""

import re
import socket
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherry.app.config import Settings

STATE, KEYS, ELSEWHERE = "state.sqlite", "pki", "store"
"""The last has the address of the etcd that keeps the state, where one does."""


def node_name(settings: "Settings") -> str:
    """As it is set; else the host's name, as a name in the API (lower case, kubelet's nodeutil.GetHostname)."""
    if settings.node_name:
        return settings.node_name
    found = re.sub(r"[^a-z0-9.-]+", "-", socket.gethostname().lower()).strip("-.")
    return found or "node"


def service_networks(settings: "Settings") -> tuple[IPv4Network | IPv6Network, ...]:
    """Ranges of services' addresses. Raises ValueError."""
    return tuple(ip_network(each) for each in settings.api_service_cidr.replace(",", " ").split())


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
