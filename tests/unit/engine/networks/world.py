"""A machine with a container on a bridge and a neighbour, in network namespaces that nobody else sees."""

import socket
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from tests.unit.engine.networks.plumbing import GATEWAY, GROUND, MAC, wire
from tests.unit.linux.apart import new_netns
from wherry.engine.networks.apply import KernelPlumbing
from wherry.linux.links import Links, VethEnd
from wherry.linux.netlink import inside
from wherry.linux.processes import loopback_up


class World:
    """A machine with a container at 172.30.0.2 and a neighbour 10.9.0.2, who reaches it at 10.9.0.1."""

    def __init__(self) -> None:
        loopback_up()
        self.plumbing = KernelPlumbing()
        self.container, self.neighbour = new_netns(), new_netns()
        self.plumbing.set_rules(GROUND, [])
        self.plumbing.ensure_bridge("wh0", MAC, GATEWAY)
        self.plumbing.set_forwarding(True)
        self.plumbing.lay(self.container, "wh0", wire())
        self.street("street", self.neighbour, "10.9.0")

    def street(self, name: str, netns: int, prefix: str, prefix6: str = "") -> None:
        """Another link of the machine, with somebody at its end whose way out is the machine."""
        with Links() as links, Links(netns) as far:
            links.add_bridge(name, "02:00:00:00:00:01")
            bridge = links.get(name)
            assert bridge is not None
            links.add_veth(f"{name}1", bridge.index, VethEnd(netns, "eth0", "02:00:00:00:00:02"))
            near, end = links.get(f"{name}1"), far.get("eth0")
            assert near is not None
            assert end is not None
            links.add_address(bridge.index, IPv4Interface(f"{prefix}.1/24"))
            far.add_address(end.index, IPv4Interface(f"{prefix}.2/24"))
            for index in (bridge.index, near.index):
                links.set_up(index)
            far.set_up(end.index)
            far.add_default_route(IPv4Address(f"{prefix}.1"))
            if prefix6:
                links.add_address(bridge.index, IPv6Interface(f"{prefix6}::1/64"))
                far.add_address(end.index, IPv6Interface(f"{prefix6}::2/64"))
                far.add_default_route(IPv6Address(f"{prefix6}::1"), end.index)


def port(netns: int | None, address: tuple[str, int] = ("0.0.0.0", 0), kind: int = socket.SOCK_DGRAM) -> socket.socket:
    """A socket that is bound in a namespace (None: here). Waits 5 s at most for what must come."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    if netns is None:
        sock = socket.socket(family, kind)
    else:
        with inside(netns):
            sock = socket.socket(family, kind)
    sock.settimeout(60)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address)
    return sock


def received(sock: socket.socket, last: bytes) -> list[bytes]:
    """All datagrams until ``last``: what was sent before it and is not there was dropped."""
    found: list[bytes] = []
    while not found or found[-1] != last:
        found.append(sock.recv(100))
    return found
