"""Names, asked for as a pod asks: at the cluster's DNS address, which the rules lead to the node's own name server."""

import asyncio
import socket
import struct
from dataclasses import replace
from pathlib import Path

from tests.kernel.netlab import OUTSIDE, SECONDS, Place, patience_seconds
from tests.kernel.proxylab import ProxyLab
from tests.kernel.rig import wait_until
from tests.unit.linux.apart import apart
from tests.unit.node.dns import wires
from tests.unit.node.proxy.objects import GATEWAY, NODE, labelled, namespace, pod, policy, service
from tests.unit.node.proxy.policies.test_standins import AMONG, BOTH, NOT_AMONG, PORT_CASES, PORTS, egress, kept
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.informers import Informers
from wherry.node.dns.dns import NODE_PORT, Dns, Settings
from wherry.node.dns.message import Reply, parse_reply
from wherry.node.proxy.model import NamedPort, StandIn, Target
from wherry.node.proxy.policing import POLICIES

DNS = "10.96.0.10"
SERVED = [{"name": "dns", "protocol": "UDP", "port": 53}, {"name": "dns-tcp", "protocol": "TCP", "port": 53}]
LABELS = {"k8s-app": "kube-dns"}
NAME = "kubernetes.default.svc.cluster.local"


class DnsLab(ProxyLab):
    """With a name server beside the proxy."""

    def __init__(self) -> None:
        seen = StandIn(Target(GATEWAY, NODE_PORT), GATEWAY, PORTS, "kube-system", tuple(LABELS.items()))
        super().__init__(replace(NODE, stand_ins={("default", "kube-dns"): seen}))
        dns = service("kube-dns", DNS, SERVED, selector=None)
        self.put(namespace(), namespace("kube-system"), dns, service("kubernetes", "10.96.0.1"))

    async def serve(self, ready: asyncio.Event) -> None:
        async with Informers(self.client, SystemClock()) as informers:
            dns = Dns(informers, SystemClock(), Settings([GATEWAY], resolv_conf=Path("/nonexistent")))
            task = asyncio.create_task(dns.run())
            await dns.listening.wait()
            ready.set()
            await task

    def start(self) -> "asyncio.Task[None]":
        async def start() -> "asyncio.Task[None]":
            ready = asyncio.Event()
            task = asyncio.create_task(self.serve(ready))
            await ready.wait()
            return task

        return self.call(start())

    def stop(self, task: "asyncio.Task[None]") -> None:
        async def stop() -> None:
            task.cancel()
            await asyncio.wait({task})

        self.call(stop())


def ask(place: Place, kind: str = "udp", seconds: float = SECONDS) -> Reply | None:
    """None: no answer."""
    data = wires.query(NAME, edns=1232)
    with place.made(socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as made:
        made.settimeout(seconds)
        try:
            made.connect((DNS, 53))
            made.send(data if kind == "udp" else struct.pack("!H", len(data)) + data)
            return parse_reply(made.recv(2000)[0 if kind == "udp" else 2 :])
        except OSError:
            return None


def tried(place: Place, kind: str = "udp") -> Reply | None:
    """Where it may well be that no answer comes."""
    return ask(place, kind, patience_seconds()) or ask(place, kind, patience_seconds())


@apart
def test_pods_and_the_node_ask_at_the_clusters_address_by_datagram_and_by_stream() -> None:
    lab = DnsLab()
    client = lab.pod(2)
    with lab.running():
        task = lab.start()
        for place in (client, lab.node):
            for kind in ("udp", "tcp"):
                reply = ask(place, kind)
                assert reply is not None, (place.name, kind)
                assert reply.answers[0].data == b"\x0a\x60\0\1"
        assert lab.neighbour.is_deaf(GATEWAY, NODE_PORT), "it is for who is inside"
        lab.stop(task)


@apart
def test_a_pod_that_may_send_nothing_resolves_nothing_until_a_policy_allows_it_names() -> None:
    """The mistake of every first policy of egress: it has to be one here, too."""
    lab = DnsLab()
    shut, free = lab.pod(2), lab.pod(3)
    made = pod("shut", shut.address, labels={"app": "shut"})

    def answered() -> str:
        """By what ``shut`` resolves names, when the rules are as the API has it."""
        lab.ready(made, shut)
        return " ".join(kind for kind in ("udp", "tcp") if tried(shut, kind))

    with lab.running():
        task = lab.start()
        lab.put(made, pod("free", free.address))
        assert answered() == "udp tcp"
        lab.put(policy("deny", labelled(app="shut"), policyTypes=["Egress"]))
        assert answered() == ""
        assert ask(free) and ask(lab.node), "policies are about the pods that they select"
        wait_until(lambda: shut.ask(OUTSIDE, 9).error == "ConnectionRefusedError")  # its own node
        to = {"namespaceSelector": {}, "podSelector": labelled(**LABELS)}
        lab.put(policy("names", policyTypes=["Egress"], egress=[{"to": [to], "ports": [{"port": 53}]}]))
        assert answered() == "tcp"
        both = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
        lab.put(policy("names", policyTypes=["Egress"], egress=[{"to": [to], "ports": both}]))
        assert answered() == "udp tcp"
        lab.put(policy("names", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": f"{DNS}/32"}}]}]))
        assert answered() == "", "what is behind a service counts"
        lab.delete(POLICIES, "deny", "default")
        lab.delete(POLICIES, "names", "default")
        wait_until(lambda: answered() == "udp tcp")
        lab.stop(task)


@apart
def test_what_is_worked_out_for_names_is_what_the_rules_do_for_pods() -> None:
    """Each case of tests/unit/node/proxy/policies/test_standins.py, with a pod in place of the node's own server."""
    lab = ProxyLab()
    asking, dns = lab.pod(2), lab.pod(3, port=53)
    ports = [{"name": each.name, "containerPort": each.number, "protocol": each.protocol} for each in PORTS]
    made = pod("web", asking.address, labels={"app": "web"})
    lab.put(namespace(team="a"), namespace("kube-system"), made)
    lab.put(pod("dns", dns.address, namespace="kube-system", labels=LABELS, ports=ports))
    cases = [egress({"to": [peer], "ports": BOTH}) for peer in (*AMONG, *NOT_AMONG)]
    cases += [egress({"ports": ports} if ports else {}) for ports, _ in PORT_CASES]
    with lab.running():
        for case in cases:
            lab.put(case)
            lab.ready(made, asking)
            deaf = {kind for kind in ("udp", "tcp") if asking.is_deaf(dns.address, 53, kind)}
            assert deaf == kept(case), case


@apart
def test_a_policy_of_kube_system_shuts_names_for_all_pods() -> None:
    lab = DnsLab()
    one = lab.pod(2)
    made = pod("one", one.address)
    with lab.running():
        task = lab.start()
        lab.put(made, policy("deny", namespace="kube-system"))
        lab.ready(made, one)
        assert not tried(one)
        assert ask(lab.node)
        lab.stop(task)


@apart
def test_a_pod_that_may_send_nothing_does_not_reach_the_api() -> None:
    api = StandIn(Target(GATEWAY, 8443), OUTSIDE, (NamedPort("https", "TCP", 6443),))
    lab = ProxyLab(replace(NODE, stand_ins={("default", "kubernetes"): api}))
    lab.node.serve(8443).serve(6443)
    one = lab.pod(2)
    made = pod("one", one.address)
    https = [{"name": "https", "protocol": "TCP", "port": 443}]
    lab.put(namespace(), made, service("kubernetes", "10.96.0.1", https, selector=None))

    def reached() -> bool:
        lab.ready(made, one)
        return bool(one.tried("10.96.0.1", 443))

    with lab.running():
        assert reached()
        lab.put(policy(policyTypes=["Egress"]))
        assert not reached()
        assert one.is_deaf(OUTSIDE, 6443)
        block = {"to": [{"ipBlock": {"cidr": f"{OUTSIDE}/32"}}], "ports": [{"port": 6443}]}
        lab.put(policy(policyTypes=["Egress"], egress=[block]))
        assert reached()


@apart
def test_it_is_found_again_after_a_restart() -> None:
    lab = DnsLab()
    client = lab.pod(2)
    with lab.running():
        lab.stop(lab.start())
        assert tried(client) is None
        task = lab.start()
        wait_until(lambda: tried(client))
        lab.stop(task)
