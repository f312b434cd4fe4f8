"""The cluster's network on this node: services and policies in the kernel, and the way of its pods to the API."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wherry.app.names import dns_address, endpoint_address, node_name, own_address, own_address6, service_networks
from wherry.engine.instance import Instance
from wherry.engine.networks import plan
from wherry.engine.networks.model import Addressing
from wherry.engine.networks.proxy import TcpRelay
from wherry.kit.errors import Conflict, Unavailable
from wherry.node.dns.dns import NODE_PORT, Dns
from wherry.node.dns.dns import Settings as DnsSettings
from wherry.node.dns.exchange import PORT
from wherry.node.proxy.apply import KernelRules
from wherry.node.proxy.model import NamedPort, Network, Node, Port, StandIn, Target
from wherry.node.proxy.proxy import Options, Proxy

if TYPE_CHECKING:
    from wherry.app.config import Settings
    from wherry.engine.networks import Networks
    from wherry.kube.client.clock import Clock
    from wherry.kube.client.informers import Informers

log = logging.getLogger("wherry.node")
_BACKLOG = 128
_RETRY_SECONDS = 5.0
_API, _DNS = ("default", "kubernetes"), ("kube-system", "kube-dns")


@asynccontextmanager
async def proxy(
    settings: "Settings", networks: "Networks", informers: "Informers", clock: "Clock"
) -> AsyncIterator[Proxy]:
    """The node's proxy, for somebody to run. What it made in the kernel stays: see :func:`remove`."""
    instance = settings.instance
    net = networks.get("bridge").addressing
    assert net is not None  # the default network is a bridge
    gateways = _gateways(net)
    # The services that are served here have an address of the default family alone, as upstream's have.
    gateway = gateways[-1] if service_networks(settings)[0].version == 6 else gateways[0]
    # The API may listen at 127.0.0.1 only, which is another place in every pod.
    api = urlsplit(instance.api_address.read_text().strip())
    family = socket.AF_INET6 if ":" in gateway else socket.AF_INET
    listening = socket.create_server((gateway, 0), family=family, backlog=_BACKLOG)
    listening.setblocking(False)
    relay = TcpRelay(listening, (api.hostname or "", api.port or 443))
    rules = KernelRules(table(instance))
    try:
        here = Node(
            name=node_name(settings),
            table=table(instance),
            bridge=instance.bridge,
            mac=plan.mac_of(net.gateway),
            ports=instance.veth(""),
            pod_networks=_ranges(net),
            gateways=gateways,
            stand_ins={
                _API: _api(Target(gateway, listening.getsockname()[1]), api.hostname or "", api.port or 443),
                _DNS: _dns(Target(gateway, NODE_PORT)),
            },
            addresses=node_addresses(networks),
        )
        options = Options(
            port_of=lambda address: _port(instance, net, address), others={instance.nft_table: networks.restore}
        )
        yield Proxy(informers, clock, here, rules, options)
    finally:
        relay.close()
        await asyncio.gather(*relay.connections, return_exceptions=True)
        rules.close()


async def names(networks: "Networks", settings: "Settings", informers: "Informers", clock: "Clock") -> None:
    """Answer DNS, until cancelled; somebody else on the port is told of, and waited for."""
    net = networks.get("bridge").addressing
    assert net is not None
    ranges = (*service_networks(settings), *_ranges(net))
    served = DnsSettings(_gateways(net), cluster_addresses=(dns_address(settings),), networks=ranges)
    while True:
        try:
            await Dns(informers, clock, served).run()
        except (Conflict, Unavailable) as error:
            log.error("%s; trying again", error.message)
            await asyncio.sleep(_RETRY_SECONDS)


def _api(target: Target, host: str, port: int) -> StandIn:
    """Taken for what the endpoints of its service say: a machine, as upstream's is, at the API's own port."""
    return StandIn(target, endpoint_address(host), (NamedPort("https", "TCP", port),))


def _dns(target: Target) -> StandIn:
    """Taken for what manifests expect of every cluster: the pods that kubeadm deploys
    (k8s.io/kubernetes cmd/kubeadm/app/phases/addons/dns/manifests.go)."""
    ports = (NamedPort("dns", "UDP", PORT), NamedPort("dns-tcp", "TCP", PORT))
    return StandIn(target, target.address, ports, _DNS[0], (("k8s-app", _DNS[1]),))


def pod_ranges(networks: "Networks") -> tuple[str, ...]:
    """Of the addresses of pods here, IPv4 first."""
    net = networks.get("bridge").addressing
    return () if net is None else tuple(map(str, _ranges(net)))


def node_addresses(networks: "Networks") -> tuple[str, ...]:
    """Of this node, one a family that its pods have, IPv4 first. A machine that has none of IPv6 has the bridge's."""
    net = networks.get("bridge").addressing
    if net is None or net.subnet6 is None:
        return (own_address(),)
    return own_address(), own_address6() or str(net.gateway6)


def _gateways(net: Addressing) -> tuple[str, ...]:
    return tuple(str(each) for each in (net.gateway, net.gateway6) if each is not None)


def _ranges(net: Addressing) -> tuple[Network, ...]:
    return (net.subnet,) if net.subnet6 is None else (net.subnet, net.subnet6)


def table(instance: Instance) -> str:
    """What its tables are called."""
    return f"{instance.nft_table}-services"


def remove(instance: Instance) -> None:
    """Take the rules out of the kernel. Idempotent."""
    rules = KernelRules(table(instance))
    try:
        rules.remove()
    finally:
        rules.close()


def _port(instance: Instance, net: Addressing, address: str) -> Port | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        four = plan.address_of(net, found)
        return None if four is None else Port(plan.host_link(instance, net, four), plan.mac_of(four), address)
    if found not in net.subnet:
        return None  # of a pod with the host's network
    return Port(plan.host_link(instance, net, found), plan.mac_of(found), address)
