"""Rows come back as they went."""

from ipaddress import IPv4Address, IPv4Network, IPv6Network

from wherry.engine.database import Database
from wherry.engine.networks import plan
from wherry.engine.networks.model import Attached, Endpoint, Network, Own, Publication
from wherry.engine.networks.rows import Rows

NETWORK = Network("a" * 64, "bridge", "bridge", 5, plan.addressing(IPv4Network("172.17.0.0/16")))
ENDPOINT = Endpoint(NETWORK.id, "bridge", "e" * 64, "172.17.0.2", 16, "172.17.0.1", "02:42:ac:11:00:02")


def test_networks_and_endpoints_come_back() -> None:
    rows = Rows(Database(":memory:"))
    rows.put_network(NETWORK)
    attached = Attached(ENDPOINT, "c1", "web", (Publication("udp", "::", 53, "172.17.0.2", 53),))
    rows.put_endpoint(attached)
    assert list(rows.networks()) == [NETWORK]
    assert list(rows.endpoints(NETWORK)) == [attached]
    rows.delete_endpoint("c1")
    rows.delete_endpoint("c1")
    assert list(rows.endpoints(NETWORK)) == []


def test_a_network_may_change_its_range() -> None:
    rows = Rows(Database(":memory:"))
    rows.put_network(Network(NETWORK.id, "bridge", "bridge", 5))
    rows.put_network(NETWORK)
    assert list(rows.networks()) == [NETWORK]


def test_the_fence_is_there_or_not() -> None:
    rows = Rows(Database(":memory:"))
    assert rows.fence() is None
    rows.put_fence(())
    assert rows.fence() == ()
    rows.put_fence(("eth0",))
    assert rows.fence() == ("eth0",)
    rows.put_fence(("eth1",), 6)
    assert (rows.fence(), rows.fence(6)) == (("eth0",), ("eth1",))
    rows.put_fence(None)
    assert rows.fence() is None
    assert rows.fence(6) == ("eth1",)


def test_what_has_two_families_comes_back_with_both() -> None:
    rows = Rows(Database(":memory:"))
    net = plan.addressing(IPv4Network("172.17.0.0/16"), subnet6=IPv6Network("fd00:1::/64"))
    network = Network(NETWORK.id, "bridge", "bridge", 5, net)
    rows.put_network(network)
    attached = Attached(plan.endpoint_of(network, "e" * 64, IPv4Address("172.17.1.2")), "c1", "web")
    rows.put_endpoint(attached)
    assert list(rows.networks()) == [network]
    assert list(rows.endpoints(network)) == [attached]
    assert attached.endpoint.address6 == "fd00:1::102"


def test_a_network_of_a_user_s_comes_back_with_who_is_on_it() -> None:
    rows = Rows(Database(":memory:"))
    own = Own("g0", is_internal=True, range="10.0.0.64/26", reserved={"printer": "10.0.0.65"})
    net = plan.addressing(IPv4Network("10.0.0.0/24"))
    network = Network("b" * 64, "mine", "bridge", 6, net, {"o": "1"}, {"l": "2"}, own)
    rows.put_network(network)
    assert list(rows.networks()) == [network]
    endpoint = plan.endpoint_of(network, "e" * 64, IPv4Address("10.0.0.66"), interface="eth1")
    member = Attached(endpoint, "c1", "web", (Publication("tcp", "::", 80, "10.0.0.66", 80),), ("db",))
    rows.put_member(member)
    rows.put_member(member)
    assert rows.members() == [member]
    rows.delete_member(member)
    rows.delete_network(network.id)
    assert (rows.members(), list(rows.networks())) == ([], [])
