from ipaddress import IPv4Network
from pathlib import Path

from wherry.engine.instance import Instance
from wherry.engine.networks import plan
from wherry.node.proxy.bridge import DNS_SERVICE, node_of, port_of
from wherry.node.proxy.model import Port, Target

INSTANCE = Instance(Path("/r"), Path("/r/run"), "0123abcd")
NET = plan.addressing(IPv4Network("172.18.0.0/16"))


def test_the_node_is_described_in_the_engines_words() -> None:
    node = node_of("n1", INSTANCE, NET, {DNS_SERVICE: Target("172.18.0.1", 10053)})
    assert (node.name, node.table, node.bridge) == ("n1", "wherry-0123abcd-services", "wh0123abcd")
    assert (node.mac, node.gateways) == ("02:42:ac:12:00:01", ("172.18.0.1",))
    assert node.pod_networks == (NET.subnet,)
    assert plan.host_link(INSTANCE, NET, NET.gateway + 1).startswith(node.ports)


def test_an_address_of_the_bridge_has_a_port_there() -> None:
    find = port_of(INSTANCE, NET)
    assert find("172.18.1.4") == Port("wv0123abc104", "02:42:ac:12:01:04", "172.18.1.4")
    assert find("172.19.0.4") is None
    assert find("fd00::1") is None
