"""A small machine with pods: a node, its bridge, network namespaces of pods and of a neighbour, and packets between.

All in namespaces of the test's own (``apart``): nobody else sees anything, and nothing stays. Sockets are made inside a
namespace and used by threads of this process.
"""

import socket
import threading
import time
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv6Network

from tests.unit.linux.apart import new_netns
from tests.unit.node.proxy.objects import GATEWAY, NODE, POD_NETWORK
from wherry.engine.networks import plan, rules
from wherry.engine.networks.apply import KernelPlumbing, Wire
from wherry.engine.networks.model import Addressing, Publication
from wherry.linux.links import Links, VethEnd
from wherry.linux.netlink import inside
from wherry.linux.processes import loopback_up
from wherry.linux.sysctl import write_net

OUTSIDE = "192.168.77.1"
NEIGHBOUR = "192.168.77.2"
SECONDS = 20.0
NOT_ANSWERED_SECONDS = 0.3


@dataclass
class Answer:
    """Who answered a connection, and whom it took it to be from. ``error`` is errno's name, or ``timeout``."""

    name: str = ""
    seen: str = ""
    error: str = ""

    def __bool__(self) -> bool:
        return bool(self.name)


@dataclass
class Place:
    """A network namespace that can serve and ask. ``netns`` None: the node's own."""

    name: str
    address: str
    netns: int | None = None
    sockets: list[socket.socket] = field(default_factory=list)
    address6: str = ""

    def made(self, kind: int, family: int = socket.AF_INET) -> socket.socket:
        """A socket that belongs there."""
        if self.netns is None:
            return socket.socket(family, kind)
        with inside(self.netns):
            return socket.socket(family, kind)

    def serve(self, port: int, address: str = "0.0.0.0") -> "Place":
        """Say one's name and who asked, at a TCP and a UDP port."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        tcp, udp = self.made(socket.SOCK_STREAM, family), self.made(socket.SOCK_DGRAM, family)
        if family == socket.AF_INET6:
            tcp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind((address, port))
        tcp.listen(64)
        udp.bind((address, port))
        self.sockets += [tcp, udp]
        threading.Thread(target=_serve_tcp, args=(tcp, self.name), daemon=True).start()
        threading.Thread(target=_serve_udp, args=(udp, self.name), daemon=True).start()
        return self

    def stop(self) -> None:
        for each in self.sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()
        self.sockets.clear()

    def ask(self, address: str, port: int, kind: str = "tcp", *, source: str = "", seconds: float = SECONDS) -> Answer:
        """Connect (or send) and hear who is there."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        made = self.made(socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM, family)
        with made:
            made.settimeout(seconds)
            try:
                if source:
                    made.bind((source, 0))
                made.connect((address, port))
                return asked(made)
            except TimeoutError:
                return Answer(error="timeout")
            except OSError as error:
                return Answer(error=type(error).__name__)

    def tried(self, address: str, port: int, kind: str = "tcp", source: str = "") -> Answer:
        """As :meth:`ask`, where it may well be that no answer comes: asked twice, as patiently as is due here."""
        answer = self.ask(address, port, kind, source=source, seconds=NOT_ANSWERED_SECONDS)
        if answer.error == "timeout":
            answer = self.ask(address, port, kind, source=source, seconds=patience_seconds())
        return answer

    def is_deaf(self, address: str, port: int, kind: str = "tcp", source: str = "") -> bool:
        """Whether no answer comes at all, not even a refusal."""
        return self.tried(address, port, kind, source).error == "timeout"


def patience_seconds() -> float:
    """When no answer comes any more: a hundred times what a word between two threads takes just now."""
    one, other = socket.socketpair()
    with one, other:
        threading.Thread(target=_echo, args=(other.dup(),), daemon=True).start()
        began = time.monotonic()
        for _ in range(10):
            one.send(b"x")
            one.recv(1)
        return min(max(NOT_ANSWERED_SECONDS, 10 * (time.monotonic() - began)), SECONDS)


def _echo(own: socket.socket) -> None:
    with own:
        while data := own.recv(1):
            own.send(data)


def asked(connected: socket.socket) -> Answer:
    """One question on a connected socket, and the answer."""
    connected.send(b"who?")
    name, _, seen = connected.recv(200).decode().partition(" ")
    return Answer(name, seen) if name else Answer(error="closed")


def _serve_tcp(listening: socket.socket, name: str) -> None:
    while True:
        try:
            client, peer = listening.accept()
        except OSError:
            return
        threading.Thread(target=_talk, args=(client, name, peer[0]), daemon=True).start()


def _talk(client: socket.socket, name: str, peer: str) -> None:
    with client:
        try:
            while client.recv(100):
                client.send(f"{name} {peer}".encode())
        except OSError:
            return


def _serve_udp(bound: socket.socket, name: str) -> None:
    while True:
        try:
            data, peer = bound.recvfrom(100)
            if data:
                bound.sendto(f"{name} {peer[0]}".encode(), peer)
        except OSError:
            return


class Lab:
    """The node is the calling process's own network namespace: call it in a test that is ``apart``.

    ``range6``: of the pods, which then have an address of IPv6 each, too.
    """

    def __init__(self, forwarding: bool = True, range6: IPv6Network | None = None) -> None:
        loopback_up()
        self.plumbing = KernelPlumbing()
        self.net = net = Addressing(POD_NETWORK, IPv4Address(GATEWAY), range6)
        self.ground = rules.Ground("wherry-lab", NODE.bridge, net)
        self.set_engine_rules()
        own6 = plan.interface6_of(net, net.gateway6)
        self.plumbing.ensure_bridge(NODE.bridge, NODE.mac, plan.interface_of(net, net.gateway), own6)
        if forwarding:
            write_net("ipv4/ip_forward", "1")
        if forwarding and range6 is not None:
            self.plumbing.set_forwarding(True, 6)
        self.node = Place("node", GATEWAY)
        self.neighbour = self._neighbour()

    def set_engine_rules(self, publications: tuple[Publication, ...] = ()) -> None:
        self.plumbing.set_rules(self.ground, publications)

    def pod(self, number: int, port: int = 8080) -> Place:
        """A pod with this address, which serves at ``port`` (0: not yet)."""
        address = IPv4Address(f"172.30.0.{number}")
        netns = new_netns()
        net, six = self.net, plan.address6_of(self.net, address)
        four, interface6 = plan.interface_of(net, address), plan.interface6_of(net, six)
        wire = Wire(f"wv{number}", "eth0", plan.mac_of(address), four, net.gateway, interface6, net.gateway6)
        self.plumbing.lay(netns, NODE.bridge, wire)
        with inside(netns):
            loopback_up()
        made = Place(f"pod{number}", str(address), netns, address6=str(six or ""))
        if port and six:
            made.serve(port, "::")
        return made.serve(port) if port else made

    def _neighbour(self) -> Place:
        """Another machine on the node's outer link, which sends everything to the node."""
        netns = new_netns()
        with Links() as links:
            links.add_bridge("outer", "02:00:00:00:77:01")
            outer = links.get("outer")
            assert outer is not None
            links.add_veth("uplink", outer.index, VethEnd(netns, "eth0", "02:00:00:00:77:02"))
            links.add_address(outer.index, IPv4Interface(f"{OUTSIDE}/24"))
            uplink = links.get("uplink")
            assert uplink is not None
            links.set_up(uplink.index, "uplink")
            links.set_up(outer.index, "outer")
            links.add_default_route(IPv4Address(NEIGHBOUR))
        with inside(netns):
            loopback_up()
            with Links() as there:
                end = there.get("eth0")
                assert end is not None
                there.add_address(end.index, IPv4Interface(f"{NEIGHBOUR}/24"))
                there.set_up(end.index, "eth0")
                there.add_default_route(IPv4Address(OUTSIDE))
        return Place("neighbour", NEIGHBOUR, netns)


def answers(place: Place, address: str, port: int, times: int, kind: str = "tcp") -> dict[str, int]:
    """How often each one answered."""
    found: dict[str, int] = {}
    for _ in range(times):
        answer = place.ask(address, port, kind)
        name = answer.name or answer.error
        found[name] = found.get(name, 0) + 1
    return found
