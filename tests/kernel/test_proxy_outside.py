"""Services for who is outside, on the kernel: node ports, load balancers, external addresses."""

import subprocess
from dataclasses import replace

from tests.kernel.netlab import OUTSIDE, Place, answers
from tests.kernel.proxylab import ProxyLab
from tests.kernel.rig import wait_until
from tests.kernel.test_proxy_services import DUAL, NODE_PORT, web
from tests.unit.linux.apart import apart
from tests.unit.node.proxy.objects import GATEWAY, NODE, endpoint, service, slice_

EXTERNAL = "203.0.113.9"
EVERY_WAY = {
    "type": "LoadBalancer",
    "ports": [NODE_PORT],
    "ingress": [{"ip": OUTSIDE}],
    "externalIPs": [EXTERNAL],
}


@apart
def test_a_node_port_is_at_every_address_of_the_node_but_loopback() -> None:
    lab = ProxyLab()
    pod, client = lab.pod(2), lab.pod(4)
    lab.put(*web(pod, ports=[NODE_PORT], type="NodePort"))
    with lab.running():
        assert lab.neighbour.ask(OUTSIDE, 30080).name == "pod2"
        assert client.ask(GATEWAY, 30080).name == "pod2"
        assert client.ask(OUTSIDE, 30080).name == "pod2"
        assert lab.node.ask(OUTSIDE, 30080).name == "pod2"
        assert lab.node.ask("127.0.0.1", 30080).error == "ConnectionRefusedError"


@apart
def test_a_load_balancer_is_the_nodes_own_address_for_whom_it_allows() -> None:
    lab = ProxyLab()
    pod, client = lab.pod(2), lab.pod(4)
    balanced = {"type": "LoadBalancer", "ports": [NODE_PORT], "ingress": [{"ip": OUTSIDE}]}
    lab.put(*web(pod, **balanced))
    with lab.running():
        assert lab.neighbour.ask(OUTSIDE, 80).name == "pod2"
        assert client.ask(OUTSIDE, 80).name == "pod2"
        lab.put(*web(pod, **balanced, loadBalancerSourceRanges=["192.168.78.0/24", "10.0.0.0/8"]))
        wait_until(lambda: lab.neighbour.is_deaf(OUTSIDE, 80))
        assert lab.node.is_deaf(OUTSIDE, 80), "the node is asked who it is, as everybody"
        assert lab.node.ask(OUTSIDE, 30080), "node ports are not limited"
        lab.put(*web(pod, **balanced, loadBalancerSourceRanges=["192.168.77.0/24"]))
        wait_until(lambda: lab.neighbour.ask(OUTSIDE, 80))
        assert lab.node.ask(OUTSIDE, 80)
        assert client.is_deaf(OUTSIDE, 80)


@apart
def test_a_node_uses_a_load_balancer_that_it_has_the_address_of_when_it_may() -> None:
    """Its packets then come from that address, which nobody lists."""
    lab = ProxyLab(replace(NODE, addresses=(OUTSIDE,)))
    pod, own = lab.pod(2), "203.0.113.7"
    subprocess.run(["ip", "addr", "add", f"{own}/32", "dev", "lo"], check=True)
    balanced = {"type": "LoadBalancer", "ingress": [{"ip": own}]}
    lab.put(*web(pod, **balanced, loadBalancerSourceRanges=["10.0.0.0/8"]))
    with lab.running():
        assert lab.node.is_deaf(own, 80)
        lab.put(*web(pod, **balanced, loadBalancerSourceRanges=["10.0.0.0/8", f"{OUTSIDE}/32"]))
        wait_until(lambda: lab.node.ask(own, 80))


@apart
def test_external_addresses_lead_to_the_service_from_everywhere() -> None:
    lab = ProxyLab()
    pod, client = lab.pod(2), lab.pod(4)
    lab.put(*web(pod, externalIPs=["203.0.113.9"]))
    with lab.running():
        assert lab.neighbour.ask("203.0.113.9", 80).name == "pod2"
        assert client.ask("203.0.113.9", 80).name == "pod2"


@apart
def test_external_policy_local_leads_strangers_to_local_endpoints_only() -> None:
    lab = ProxyLab()
    here, there, client = lab.pod(2), lab.pod(3), lab.pod(4)
    both = [endpoint(here.address), endpoint(there.address, node="there")]
    kept = service(type="NodePort", ports=[NODE_PORT], externalTrafficPolicy="Local")
    lab.put(kept, slice_("web", both))
    with lab.running():
        assert set(answers(lab.neighbour, OUTSIDE, 30080, 20)) == {"pod2"}
        assert set(answers(client, OUTSIDE, 30080, 40)) == {"pod2", "pod3"}
        assert set(answers(client, "10.96.0.1", 80, 40)) == {"pod2", "pod3"}
        lab.put(slice_("web", both[1:]))
        wait_until(lambda: lab.neighbour.is_deaf(OUTSIDE, 30080))
        assert client.ask(OUTSIDE, 30080).name == "pod3"


@apart
def test_who_asks_is_hidden_unless_the_service_is_local() -> None:
    """The mistake of who reads a client's address, or allows some, without ``externalTrafficPolicy: Local``."""
    lab = ProxyLab()
    pod, client = lab.pod(2), lab.pod(4)
    lab.put(*web(pod, **EVERY_WAY))

    def seen(asker: Place) -> set[str]:
        ways = ((OUTSIDE, 80), (OUTSIDE, 30080), (EXTERNAL, 80))
        return {asker.ask(address, port).seen for address, port in ways}

    with lab.running():
        assert seen(lab.neighbour) == seen(client) == {GATEWAY}
        assert client.ask("10.96.0.1", 80).seen == client.address, "its own address keeps who asks"
        lab.put(*web(pod, **EVERY_WAY, externalTrafficPolicy="Local"))
        wait_until(lambda: seen(lab.neighbour) == {lab.neighbour.address})
        assert seen(client) == {client.address}
        lab.put(*web(pod, **EVERY_WAY))
        wait_until(lambda: seen(lab.neighbour) == {GATEWAY})


@apart
def test_a_node_port_of_one_service_hides_nobody_from_another() -> None:
    """One that has the same number at its own address."""
    lab = ProxyLab()
    pod, client = lab.pod(2), lab.pod(4)
    number = [{"name": "http", "protocol": "TCP", "port": 30080}]
    lab.put(*web(pod, ports=[NODE_PORT], type="NodePort"))
    lab.put(service("other", "10.96.0.9", number), slice_("other", [endpoint(pod.address)]))
    with lab.running():
        assert client.ask("10.96.0.9", 30080).seen == client.address
        assert client.ask(OUTSIDE, 30080).seen == GATEWAY


@apart
def test_who_asks_by_ipv6_is_hidden_as_well() -> None:
    lab = ProxyLab(DUAL)
    pods, both = [lab.pod(number) for number in (2, 4)], [endpoint("fd00:30::2")]
    client = pods[1]
    spec = {"type": "NodePort", "ports": [NODE_PORT], "externalIPs": ["2001:db8::9"]}
    lab.put(service("web", "fd00:96::1", **spec), slice_("web", both, kind="IPv6"))
    with lab.running():
        assert client.ask("2001:db8::9", 80).seen == "fd00:30::1"
        assert client.ask("fd00:30::1", 30080).seen == "fd00:30::1"
        assert client.ask("fd00:96::1", 80).seen == client.address6
