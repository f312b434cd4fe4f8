"""Network policies on the kernel: which packets pods get and may send."""

import socket
import struct
from ipaddress import IPv4Address, IPv4Interface

import pytest

from tests.kernel.netlab import OUTSIDE, SECONDS, Place, asked, patience_seconds
from tests.kernel.proxylab import ProxyLab
from tests.kernel.rig import wait_until
from tests.unit.linux.apart import apart
from tests.unit.node.proxy.objects import TCP80, endpoint, labelled, namespace, pod, policy, service, slice_
from wherry.engine.networks import plan
from wherry.kube.machinery.model import Object
from wherry.linux.links import Links
from wherry.linux.netlink import inside
from wherry.node.proxy.model import Port
from wherry.node.proxy.policing import NAMESPACES, PODS, POLICIES
from wherry.node.proxy.proxy import Options

WEB, CLIENT = labelled(app="web"), labelled(app="client")
TO_WEB = {"from": [{"podSelector": CLIENT}], "ports": [{"port": 8080}]}
DENIED: Object = policy("deny", policyTypes=["Ingress", "Egress"])


class PolicyLab(ProxyLab):
    """Pods ``web`` (172.30.0.2), ``client`` (.3) and ``other`` (.4), which is in another namespace."""

    def __init__(self) -> None:
        super().__init__()
        self.web, self.asker, self.other = self.pod(2), self.pod(3), self.pod(4)
        self.put(namespace("default", team="a"), namespace("elsewhere", team="b"), *self.objects())

    def objects(self) -> list[Object]:
        named = [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
        return [
            pod("web", self.web.address, labels={"app": "web"}, ports=named),
            pod("client", self.asker.address, labels={"app": "client"}),
            pod("other", self.other.address, namespace="elsewhere", labels={"app": "client"}),
        ]

    def reach(self, port: int = 8080, kind: str = "tcp") -> str:
        """Who gets to ``web``."""
        askers = (("client", self.asker), ("other", self.other), ("node", self.node))
        return " ".join(name for name, place in askers if _answers(place, self.web.address, port, kind))

    def settle(self, *objects: Object) -> None:
        """Put them, and wait until it is all in the kernel."""
        self.put(*objects)
        self.ready(pod("witness", "172.30.0.99", namespace="nowhere"), Place("witness", "172.30.0.99"))


def _answers(place: Place, address: str, port: int, kind: str = "tcp") -> bool:
    return bool(place.tried(address, port, kind))


@apart
def test_without_policies_everybody_reaches_everybody() -> None:
    lab = PolicyLab()
    with lab.running():
        assert lab.reach() == "client other node"


@apart
def test_a_pod_gets_what_a_policy_allows_and_nothing_else() -> None:
    lab = PolicyLab()
    lab.web.serve(8081)
    lab.put(policy("web", WEB, ingress=[TO_WEB]))
    with lab.running():
        assert lab.reach() == "client node"
        assert lab.reach(8081) == "node"
        assert lab.reach(8080, "udp") == "node"
        assert _answers(lab.web, lab.other.address, 8080), "it may send what it likes"
        lab.delete(POLICIES, "web", "default")
        wait_until(lambda: lab.reach() == "client other node")


@apart
def test_a_pod_sends_what_a_policy_allows_and_nothing_else() -> None:
    lab = PolicyLab()
    lab.put(policy("client", CLIENT, policyTypes=["Egress"], egress=[{"to": [{"podSelector": WEB}]}]))
    with lab.running():
        assert _answers(lab.asker, lab.web.address, 8080)
        assert not _answers(lab.asker, lab.other.address, 8080)
        assert not _answers(lab.asker, lab.neighbour.serve(8080).address, 8080)
        assert _answers(lab.other, lab.neighbour.address, 8080), "that is another namespace"
        lab.node.serve(9000, "0.0.0.0")
        assert _answers(lab.asker, OUTSIDE, 9000), "its own node is always allowed"


@apart
def test_policies_add_up_and_peers_are_chosen_in_every_way() -> None:
    lab = PolicyLab()
    peers = {
        "by namespace": ([{"namespaceSelector": labelled(team="b")}], "other node"),
        "by both": ([{"namespaceSelector": {}, "podSelector": CLIENT}], "client other node"),
        "by both, the other way": ([{"namespaceSelector": labelled(team="b"), "podSelector": WEB}], "node"),
        "by address": ([{"ipBlock": {"cidr": "172.30.0.0/24", "except": [f"{lab.asker.address}/32"]}}], "other node"),
        "by any address": ([{"ipBlock": {"cidr": "0.0.0.0/0"}}], "client other node"),
        "everybody": ([], "client other node"),
    }
    with lab.running():
        for name, (peer, expected) in peers.items():
            lab.settle(DENIED, policy("web", WEB, ingress=[{"from": peer}] if peer else [{}]))
            # What client may send is denied as well; that is what this one is for.
            lab.settle(policy("out", CLIENT, policyTypes=["Egress"], egress=[{}]))
            assert lab.reach() == expected, name


@apart
def test_ports_are_chosen_by_name_and_by_range() -> None:
    lab = PolicyLab()
    for port in (8081, 8083):
        lab.web.serve(port)
    with lab.running():
        lab.settle(policy("web", WEB, ingress=[{"ports": [{"port": "http"}]}]))
        assert (lab.reach(8080), lab.reach(8081)) == ("client other node", "node")
        lab.settle(policy("web", WEB, ingress=[{"ports": [{"port": 8081, "endPort": 8082}]}]))
        assert (lab.reach(8080), lab.reach(8081), lab.reach(8083)) == ("node", "client other node", "node")
        lab.settle(policy("web", WEB, ingress=[{"ports": [{"protocol": "UDP"}]}]))
        assert (lab.reach(8080), lab.reach(8080, "udp")) == ("node", "client other node")
        named = {"to": [{"podSelector": WEB}], "ports": [{"port": "http"}]}
        lab.settle(policy("web", WEB, ingress=[{}]), policy("out", CLIENT, policyTypes=["Egress"], egress=[named]))
        assert (lab.reach(8080), lab.reach(8081)) == ("client other node", "other node")


@apart
def test_policies_see_the_pods_behind_a_service() -> None:
    lab = PolicyLab()
    lab.put(service(), slice_("web", [endpoint(lab.web.address)]), policy("web", WEB, ingress=[TO_WEB]))
    with lab.running():
        assert _answers(lab.asker, "10.96.0.1", 80)
        assert not _answers(lab.other, "10.96.0.1", 80)
        assert _answers(lab.web, "10.96.0.1", 80), "a pod cannot be kept from itself"
        lab.put(service(type="NodePort", ports=[{**TCP80, "nodePort": 30080}]))
        wait_until(lambda: _answers(lab.node, OUTSIDE, 30080))
        assert lab.neighbour.is_deaf(OUTSIDE, 30080)


@apart
def test_what_is_under_way_goes_on_when_a_policy_comes() -> None:
    lab = PolicyLab()
    with lab.running(), lab.other.made(socket.SOCK_STREAM) as connected:
        connected.settimeout(SECONDS)
        connected.connect((lab.web.address, 8080))
        assert asked(connected).name == "pod2"
        lab.settle(policy("web", WEB, ingress=[TO_WEB]))
        assert lab.reach() == "client node"
        assert asked(connected).name == "pod2"


@apart
def test_a_new_pod_is_shut_before_the_api_knows_its_address() -> None:
    lab = PolicyLab()
    lab.put(policy("web", WEB, ingress=[TO_WEB]))
    with lab.running():
        fresh = lab.pod(7)
        made = pod("web2", labels={"app": "web"}, phase="Pending")
        lab.put(made)
        lab.ready(made, fresh)
        assert not _answers(lab.other, fresh.address, 8080)
        assert _answers(lab.asker, fresh.address, 8080)


@apart
def test_k18_policies_hold_until_the_last_pod_of_an_ending_namespace_is_gone() -> None:
    lab = PolicyLab()
    lab.put(policy("web", WEB, ingress=[TO_WEB]))
    with lab.running():
        assert lab.reach() == "client node"
        lab.delete(POLICIES, "web", "default")
        lab.put(namespace("default", team="a", ending=True))
        lab.settle()
        for _ in range(4):  # longer than a policy is remembered for no reason
            assert lab.reach() == "client node"
            lab.settle()
        lab.delete(NAMESPACES, "default")
        assert lab.reach() == "client node"
        lab.delete(PODS, "client", "default")
        wait_until(lambda: lab.reach() == "node")  # whoever had its address is no client any more
        lab.delete(PODS, "web", "default")
        wait_until(lambda: lab.reach() == "client other node")


@apart
def test_a_pod_cannot_lie_about_who_it_is() -> None:
    """A policy that goes by addresses is worth as much as these are."""
    lab = PolicyLab()
    lab.options = Options(
        port_of=lambda address: Port(f"wv{address.rpartition('.')[2]}", plan.mac_of(IPv4Address(address)), address)
    )
    lab.put(policy("web", WEB, ingress=[TO_WEB]))
    with lab.running():
        lab.ready(lab.objects()[2], lab.other)
        with inside(lab.other.netns or 0), Links() as links:
            end = links.get("eth0")
            assert end is not None
            links.add_address(end.index, IPv4Interface("172.30.0.3/32"))
        with lab.web.made(socket.SOCK_DGRAM) as heard, lab.other.made(socket.SOCK_DGRAM) as lying:
            heard.bind((lab.web.address, 8080 + 1))
            heard.settimeout(SECONDS)
            lab.settle(policy("web", WEB, ingress=[{"from": [{"podSelector": CLIENT}]}]))
            with lab.asker.made(socket.SOCK_DGRAM) as honest:
                honest.sendto(b"honest", heard.getsockname())
                assert heard.recvfrom(100)[0] == b"honest"
            lying.bind(("172.30.0.3", 0))
            lying.sendto(b"a lie", heard.getsockname())
            heard.settimeout(patience_seconds())
            with pytest.raises(TimeoutError):
                heard.recvfrom(100)


@apart
def test_n02_a_pod_cannot_answer_for_another_on_the_link() -> None:
    """N02: frames by hand, as any container with CAP_NET_RAW may send them."""
    lab = PolicyLab()
    lab.options = Options(
        port_of=lambda address: Port(f"wv{address.rpartition('.')[2]}", plan.mac_of(IPv4Address(address)), address)
    )
    lab.put(policy("web", WEB, ingress=[TO_WEB]))
    with lab.running():
        lab.ready(lab.objects()[2], lab.other)
        with inside(lab.asker.netns or 0):
            heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP))
        with inside(lab.other.netns or 0):
            sent = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP))
        with heard, sent:
            sent.bind(("eth0", _ARP))
            sent.send(_claim(lab.other.address, lab.other.address))
            heard.settimeout(SECONDS)
            while lab.other.address not in _told(heard, 1):
                pass
            sent.send(_claim(lab.web.address, lab.other.address))
            heard.settimeout(patience_seconds())
            assert lab.web.address not in _told(heard)


_ARP, _REPLY = 0x0806, 2


def _claim(address: str, own: str) -> bytes:
    """A gratuitous reply (RFC 826): whoever wants to reach ``address`` is to send to ``own``'s link address."""
    link = bytes.fromhex(plan.mac_of(IPv4Address(own)).replace(":", ""))
    packed = IPv4Address(address).packed
    head = b"\xff" * 6 + link + struct.pack("!HHHBBH", _ARP, 1, 0x0800, 6, 4, _REPLY)
    return (head + link + packed + link + packed).ljust(60, b"\0")


def _told(heard: socket.socket, frames: int = 1000) -> set[str]:
    """Whose addresses somebody claimed, in so many frames, or until nothing comes any more."""
    found = set()
    try:
        for _ in range(frames):
            frame = heard.recv(100)
            if frame[20:22] == struct.pack("!H", _REPLY):
                found.add(str(IPv4Address(frame[28:32])))
    except TimeoutError:
        pass
    return found
