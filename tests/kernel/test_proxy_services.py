"""Services on the kernel: which packets arrive where, from pods, from the node and from a neighbour."""

import errno
import socket
import subprocess
import threading
import time
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

import pytest

from tests.kernel.netlab import NOT_ANSWERED_SECONDS, OUTSIDE, SECONDS, Place, answers, asked
from tests.kernel.proxylab import ProxyLab
from tests.kernel.rig import wait_until
from tests.unit.linux.apart import apart
from tests.unit.node.proxy.objects import GATEWAY, NODE, TCP80, endpoint, namespace, pod, policy, service, slice_
from wherry.engine.networks import plan
from wherry.kube.machinery.model import Object
from wherry.linux.errors import KernelError
from wherry.linux.links import Links
from wherry.linux.netlink import inside
from wherry.linux.nftables import Nftables
from wherry.linux.sysctl import write_net
from wherry.node.proxy.facts import SERVICES, SLICES
from wherry.node.proxy.model import Port
from wherry.node.proxy.proxy import Options

NODE_PORT = {**TCP80, "nodePort": 30080}


def web(*pods: Place, **spec: Any) -> list[Object]:
    """The service ``web`` with these endpoints."""
    return [service(**spec), slice_("web", [endpoint(pod.address) for pod in pods])]


@apart
def test_a_cluster_address_leads_to_each_endpoint_and_keeps_who_asks() -> None:
    lab = ProxyLab()
    first, second, client = lab.pod(2), lab.pod(3), lab.pod(4)
    lab.put(*web(first, second))
    with lab.running():
        found = answers(client, "10.96.0.1", 80, 60)
        assert set(found) == {"pod2", "pod3"}
        assert min(found.values()) > 10
        assert client.ask("10.96.0.1", 80).seen == client.address
        assert lab.node.ask("10.96.0.1", 80).name in ("pod2", "pod3")
        assert lab.neighbour.ask("10.96.0.1", 80).error == "ConnectionRefusedError"


@apart
def test_a_pod_reaches_itself_through_its_service() -> None:
    lab = ProxyLab()
    alone = lab.pod(2)
    lab.put(*web(alone))
    with lab.running():
        answer = alone.ask("10.96.0.1", 80)
        assert (answer.name, answer.seen) == ("pod2", GATEWAY)


@apart
def test_many_endpoints_share_the_connections() -> None:
    lab = ProxyLab()
    pods = [lab.pod(number) for number in range(10, 30)]  # above slots.EXACT
    lab.put(*web(*pods))
    with lab.running():
        assert set(answers(lab.pod(4), "10.96.0.1", 80, 300)) == {pod.name for pod in pods}


@apart
def test_who_has_no_endpoints_refuses() -> None:
    lab = ProxyLab()
    pod = lab.pod(2)
    lab.put(*web(ports=[NODE_PORT], type="NodePort", externalIPs=["203.0.113.9"]))
    with lab.running():
        for place, address, port in (
            (pod, "10.96.0.1", 80),
            (pod, "10.96.0.1", 81),
            (lab.node, "10.96.0.1", 80),
            (lab.neighbour, OUTSIDE, 30080),
            (pod, "203.0.113.9", 80),
        ):
            assert place.ask(address, port).error == "ConnectionRefusedError", (place.name, address, port)
        assert pod.ask("10.96.0.1", 80, "udp").error == "ConnectionRefusedError"


@apart
def test_internal_policy_local_leads_to_local_endpoints_or_nowhere() -> None:
    lab = ProxyLab()
    here, there, client = lab.pod(2), lab.pod(3), lab.pod(4)
    both = [endpoint(here.address), endpoint(there.address, node="there")]
    lab.put(service(internalTrafficPolicy="Local"), slice_("web", both))
    with lab.running():
        assert set(answers(client, "10.96.0.1", 80, 20)) == {"pod2"}
        lab.put(slice_("web", both[1:]))
        wait_until(lambda: client.is_deaf("10.96.0.1", 80))


@apart
def test_affinity_keeps_a_client_where_it_was_until_that_is_gone() -> None:
    lab = ProxyLab()
    pods, clients = [lab.pod(number) for number in (2, 3, 5)], [lab.pod(number) for number in (10, 11, 12, 13)]
    lab.put(*web(*pods, sessionAffinity="ClientIP"))
    with lab.running():
        first = {client.name: client.ask("10.96.0.1", 80).name for client in clients}
        for client in clients:
            assert answers(client, "10.96.0.1", 80, 10) == {first[client.name]: 10}
        lab.put(*web(*pods, lab.pod(6), sessionAffinity="ClientIP"))  # one more moves nobody
        lab.put(service("other", "10.96.0.9"), slice_("other", [endpoint(pods[0].address)]))
        wait_until(lambda: clients[0].ask("10.96.0.9", 80))
        for client in clients:
            assert answers(client, "10.96.0.1", 80, 10) == {first[client.name]: 10}
        gone = next(pod for pod in pods if pod.name == first["pod10"])
        left = [pod for pod in pods if pod is not gone]
        lab.put(*web(*left, sessionAffinity="ClientIP"))
        wait_until(lambda: clients[0].ask("10.96.0.1", 80).name != gone.name)
        for client in clients:
            second = client.ask("10.96.0.1", 80).name
            assert second == first[client.name] or first[client.name] == gone.name
            assert answers(client, "10.96.0.1", 80, 10) == {second: 10}


@apart
def test_affinity_ends_with_its_time() -> None:
    lab = ProxyLab()
    pods, client = [lab.pod(number) for number in (2, 3, 5, 6)], lab.pod(10)
    config = {"clientIP": {"timeoutSeconds": 3}}
    lab.put(*web(*pods, sessionAffinity="ClientIP", sessionAffinityConfig=config))
    with lab.running():
        first = client.ask("10.96.0.1", 80).name
        assert answers(client, "10.96.0.1", 80, 20) == {first: 20}

        def another_after_a_pause() -> bool:
            time.sleep(3.3)
            return client.ask("10.96.0.1", 80).name != first

        wait_until(another_after_a_pause)


@apart
def test_an_ended_endpoint_is_left_out_and_a_connection_to_it_goes_on() -> None:
    """N06, on the kernel."""
    lab = ProxyLab()
    first, second, client = lab.pod(2), lab.pod(3), lab.pod(4)
    lab.put(*web(first, second))
    with lab.running():
        connections: dict[str, socket.socket] = {}
        while len(connections) < 2:
            made = client.made(socket.SOCK_STREAM)
            made.settimeout(SECONDS)
            made.connect(("10.96.0.1", 80))
            connections[asked(made).name] = made
        lab.call(lab.proxy.withdraw([first.address]))
        assert answers(client, "10.96.0.1", 80, 30) == {"pod3": 30}
        assert asked(connections["pod2"]).name == "pod2"
        lab.put(slice_("web", [endpoint(second.address)]))
        assert asked(connections["pod2"]).name == "pod2"
        lab.call(lab.proxy.withdraw([second.address]))  # nobody else is there: better than nobody
        assert client.ask("10.96.0.1", 80).name == "pod3"


@apart
def test_datagrams_follow_their_service_to_another_endpoint() -> None:
    lab = ProxyLab()
    first, second, client = lab.pod(2), lab.pod(3), lab.pod(4)
    port = {"name": "http", "protocol": "UDP", "port": 80}
    numbers = [{"name": "http", "protocol": "UDP", "port": 8080}]
    lab.put(service(ports=[port]), slice_("web", [endpoint(first.address)], ports=numbers))
    with lab.running(), client.made(socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(SECONDS)
        datagrams.connect(("10.96.0.1", 80))
        assert asked(datagrams).name == "pod2"
        datagrams.settimeout(0.3)
        lab.put(slice_("web", [endpoint(second.address)], ports=numbers))

        def answer() -> str:
            try:
                return asked(datagrams).name
            except TimeoutError:
                return ""

        wait_until(lambda: answer() == "pod3")


@apart
def test_services_come_and_go() -> None:
    lab = ProxyLab()
    pod, client = lab.pod(2), lab.pod(4)
    with lab.running():
        assert client.is_deaf("10.96.0.1", 80) or client.ask("10.96.0.1", 80).error
        lab.put(*web(pod, ports=[NODE_PORT], type="NodePort"))
        wait_until(lambda: client.ask("10.96.0.1", 80))
        lab.delete(SERVICES, "web", "default")
        wait_until(lambda: not client.ask(OUTSIDE, 30080, seconds=0.3))
        lab.delete(SLICES, "web-1", "default")
        lab.put(*web(pod))
        wait_until(lambda: client.ask("10.96.0.1", 80))


@apart
def test_pods_of_one_bridge_talk_through_the_node() -> None:
    """So that rules see them, whether the machine has br_netfilter or not."""
    lab = ProxyLab()
    pod, client = lab.pod(2), lab.pod(4)
    try:
        write_net("bridge/bridge-nf-call-iptables", "0")
    except KernelError as error:
        if error.errno != errno.ENOENT:
            pytest.skip(f"br_netfilter cannot be switched off here: {error}")
    with lab.running(), Nftables() as nftables:
        assert client.ask(pod.address, 8080).seen == client.address
        rule = f'add rule inet own f iifname "{NODE.bridge}" oifname "{NODE.bridge}" drop'
        hook = "type filter hook forward priority 5;"
        nftables.run(f"add table inet own\nadd chain inet own f {{ {hook} }}\n{rule}\n", step="drop what is routed")
        assert client.is_deaf(pod.address, 8080)


SIX = IPv6Network("fd00:30::/64")
DUAL = replace(NODE, pod_networks=(*NODE.pod_networks, SIX), gateways=(GATEWAY, "fd00:30::1"))


@apart
def test_the_second_family_is_served_as_the_first() -> None:
    lab = ProxyLab(DUAL)
    pods = [lab.pod(number) for number in (2, 3, 4)]
    client, both = pods[2], [endpoint("fd00:30::2"), endpoint("fd00:30::3")]
    port = {**TCP80, "nodePort": 30080}
    lab.put(
        service("web", "fd00:96::1", type="NodePort", ports=[port]), slice_("web", both, kind="IPv6"),
        service("sticky", "fd00:96::2", sessionAffinity="ClientIP"), slice_("sticky", both, kind="IPv6"),
        service("none", "fd00:96::3"), service("talk", "fd00:96::4", ports=[{"protocol": "UDP", "port": 53}]),
        slice_("talk", both, kind="IPv6", ports=[{"protocol": "UDP", "port": 8080}]),
    )  # fmt: skip
    with lab.running():
        assert set(answers(client, "fd00:96::4", 53, 30, "udp")) == {"pod2", "pod3"}
        assert client.ask("fd00:30::2", 8080).seen == "fd00:30::4"
        assert lab.node.ask("fd00:30::2", 8080).seen == "fd00:30::1"
        assert set(answers(client, "fd00:96::1", 80, 30)) == {"pod2", "pod3"}
        assert client.ask("fd00:96::1", 80).seen == "fd00:30::4"
        assert len(answers(client, "fd00:96::2", 80, 20)) == 1
        assert client.ask("fd00:96::3", 80).error == "ConnectionRefusedError"
        assert client.ask("fd00:30::1", 30080).name in ("pod2", "pod3")
        assert pods[0].ask("fd00:96::1", 80)
        lab.put(namespace(), policy(ingress=[{"from": [{"ipBlock": {"cidr": "fd00:30::3/128"}}]}]))
        lab.put(*(pod(place.name, place.address6) for place in pods))
        wait_until(lambda: client.is_deaf("fd00:30::2", 8080))
        wait_until(lambda: pods[1].ask("fd00:30::2", 8080).name == "pod2")
        assert answers(pods[1], "fd00:30::2", 8080, 3) == {"pod2": 3}


@apart
def test_a_pod_of_two_families_speaks_under_its_own_addresses_only() -> None:
    """A pod that may change its network (CAP_NET_ADMIN) takes its neighbour's address, and a link-local one."""
    lab = ProxyLab(DUAL, Options(port_of=lambda address: _port(lab, address)))
    one, other, stranger = (lab.pod(number) for number in (2, 3, 4))
    assert one.netns is not None and other.netns is not None
    blocks = [{"ipBlock": {"cidr": f"fd00:30::{each}/128"}} for each in (3, 9)]
    lab.put(namespace(), policy(ingress=[{"from": blocks}]))
    lab.put(*(pod(place.name, place.address6) for place in (one, other, stranger)))
    with lab.running():
        wait_until(lambda: stranger.is_deaf("fd00:30::2", 8080))
        for place, local in ((one, "fe80::2"), (other, "fe80::3")):
            assert place.netns is not None
            with inside(place.netns):
                for address in ("fd00:30::9/128", f"{local}/64"):
                    subprocess.run(["ip", "-6", "addr", "add", address, "dev", "eth0", "nodad"], check=True)
        with one.made(socket.SOCK_DGRAM, socket.AF_INET6) as heard:
            heard.bind(("fd00:30::2", 9090))
            heard.settimeout(SECONDS)
            for source in ("fd00:30::9", "fd00:30::3"):
                with other.made(socket.SOCK_DGRAM, socket.AF_INET6) as told:
                    told.bind((source, 0))
                    told.sendto(source.encode(), ("fd00:30::2", 9090))
            assert heard.recv(100) == b"fd00:30::3"  # the other one came first, or not at all
        with Links(other.netns) as links:
            end = links.get("eth0")
            assert end is not None
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with other.made(kind, socket.AF_INET6) as made, pytest.raises(TimeoutError):
                made.settimeout(NOT_ANSWERED_SECONDS)
                made.connect(("fe80::2", 8080, 0, end.index))
                asked(made)


def _port(lab: ProxyLab, address: str) -> Port | None:
    found = ip_address(address)
    four = plan.address_of(lab.net, found) if isinstance(found, IPv6Address) else found
    return None if four is None else Port(f"wv{int(four) & 255}", plan.mac_of(four), address)


class Load(threading.Thread):
    """New connections, one after the other, with some requests each, until it is told to end."""

    def __init__(self, place: Place, address: str) -> None:
        super().__init__(daemon=True)
        self._place = place
        self._address = address
        self.ended = threading.Event()
        self.answered = 0
        self.failed: list[str] = []

    def run(self) -> None:
        while not self.ended.is_set():
            with self._place.made(socket.SOCK_STREAM) as made:
                made.settimeout(SECONDS)
                try:
                    made.connect((self._address, 80))
                    for _ in range(3):
                        assert asked(made).name
                        self.answered += 1
                except (OSError, AssertionError) as error:
                    self.failed.append(repr(error))


@apart
def test_n06_a_rolling_update_loses_no_request() -> None:
    """The short form, with servers that end as soon as the rules lead nobody there any more."""
    lab = ProxyLab()
    pods = [lab.pod(number) for number in (2, 3)]
    lab.put(*web(*pods))
    with lab.running():
        loads = [Load(lab.pod(40 + number), "10.96.0.1") for number in range(2)]
        for load in loads:
            load.start()
        for number in range(10, 22):
            fresh, old = lab.pod(number), pods.pop(0)
            pods.append(fresh)
            assert lab.node.ask(fresh.address, 8080)  # a readiness probe: nobody is led to what is not there yet
            lab.put(slice_("web", [endpoint(pod.address) for pod in (old, *pods)]))
            wait_until(lambda address=fresh.address: _is_used(lab, address))
            lab.call(lab.proxy.withdraw([old.address]))
            old.stop()
            lab.put(slice_("web", [endpoint(pod.address) for pod in pods]))
        wait_until(lambda: any(load.failed for load in loads) or min(load.answered for load in loads) > 100)
        for load in loads:
            load.ended.set()
            load.join(SECONDS)
        assert [load.failed for load in loads] == [[], []]


def _is_used(lab: ProxyLab, address: str) -> bool:
    plans = lab.proxy._services.plans
    return any(target.address == address for entry in plans["default", "web"].entries for target in entry.targets)
