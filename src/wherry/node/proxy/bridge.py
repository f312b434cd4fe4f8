"""What the proxy has to know of the engine's bridge."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address

from wherry.engine.instance import Instance
from wherry.engine.networks import plan
from wherry.engine.networks.model import Addressing
from wherry.node.proxy.model import Node, Port, ServiceKey, Target

DNS_SERVICE: ServiceKey = ("kube-system", "kube-dns")


def node_of(name: str, instance: Instance, net: Addressing, stand_ins: Mapping[ServiceKey, Target]) -> Node:
    """``net``: of the instance's default bridge, where its pods are."""
    return Node(
        name=name,
        table=f"{instance.nft_table}-services",
        bridge=instance.bridge,
        mac=plan.mac_of(net.gateway),
        ports=instance.veth(""),
        pod_networks=(net.subnet,),
        gateways=(str(net.gateway),),
        stand_ins=stand_ins,
    )


def port_of(instance: Instance, net: Addressing) -> Callable[[str], Port | None]:
    """Which port of the bridge an address of its range has, and with what link address."""

    def find(address: str) -> Port | None:
        try:
            found = IPv4Address(address)
        except ValueError:
            return None
        if found not in net.subnet:
            return None
        return Port(plan.host_link(instance, net, found), plan.mac_of(found), address)

    return find
