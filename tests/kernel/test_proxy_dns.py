"""Names, asked for as a pod asks: at the cluster's DNS address, which the rules lead to the node's own name server."""

import asyncio
import socket
import struct
from dataclasses import replace
from pathlib import Path

from tests.kernel.netlab import Place
from tests.kernel.proxylab import ProxyLab
from tests.kernel.rig import wait_until
from tests.unit.linux.apart import apart
from tests.unit.node.dns import wires
from tests.unit.node.proxy.objects import GATEWAY, NODE, namespace, policy, service
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.informers import Informers
from wherry.node.dns.dns import NODE_PORT, Dns, Settings
from wherry.node.dns.message import Reply, parse_reply
from wherry.node.proxy.model import Target

DNS = "10.96.0.10"
PORTS = [{"name": "dns", "protocol": "UDP", "port": 53}, {"name": "dns-tcp", "protocol": "TCP", "port": 53}]
NAME = "kubernetes.default.svc.cluster.local"


class DnsLab(ProxyLab):
    """With a name server beside the proxy."""

    def __init__(self) -> None:
        super().__init__(replace(NODE, stand_ins={("default", "kube-dns"): Target(GATEWAY, NODE_PORT)}))
        dns = service("kube-dns", DNS, PORTS, selector=None)
        self.put(namespace(), dns, service("kubernetes", "10.96.0.1"))

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


def ask(place: Place, kind: str = "udp") -> Reply | None:
    """None: no answer."""
    data = wires.query(NAME, edns=1232)
    with place.made(socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as made:
        made.settimeout(1)
        try:
            made.connect((DNS, 53))
            made.send(data if kind == "udp" else struct.pack("!H", len(data)) + data)
            return parse_reply(made.recv(2000)[0 if kind == "udp" else 2 :])
        except OSError:
            return None


@apart
def test_pods_and_the_node_ask_at_the_clusters_address_by_datagram_and_by_stream() -> None:
    lab = DnsLab()
    pod = lab.pod(2)
    with lab.running():
        task = lab.start()
        for place in (pod, lab.node):
            for kind in ("udp", "tcp"):
                reply = ask(place, kind)
                assert reply is not None, (place.name, kind)
                assert reply.answers[0].data == b"\x0a\x60\0\1"
        assert lab.neighbour.is_deaf(GATEWAY, NODE_PORT), "it is for who is inside"
        lab.put(policy(policyTypes=["Egress"]))
        assert ask(pod) is not None, "a pod's own node is always allowed"
        lab.stop(task)


@apart
def test_it_is_found_again_after_a_restart() -> None:
    lab = DnsLab()
    pod = lab.pod(2)
    with lab.running():
        lab.stop(lab.start())
        assert ask(pod) is None
        task = lab.start()
        wait_until(lambda: ask(pod))
        lab.stop(task)
