"""resolv.conf of pods."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.node.pods.rig import container, pod
from wherry.node.pods.composing.dns import Resolver, dns, parse, policy
from wherry.node.pods.runtime import Dns

OWN = Dns(("192.0.2.53",), ("example.com",), ("timeout:1",))
CLUSTER = Resolver(("10.96.0.10",), "cluster.local", OWN)


def test_the_cluster_comes_first() -> None:
    found = dns(pod(), CLUSTER)
    assert found.servers == ("10.96.0.10",)
    assert found.searches == ("default.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.com")
    assert found.options == ("ndots:5",)


def test_default_is_the_nodes_own_file() -> None:
    assert dns(pod("web", container(), dnsPolicy="Default"), CLUSTER) == Dns()


def test_on_the_hosts_network_the_cluster_has_to_be_asked_for() -> None:
    assert dns(pod("web", container(), hostNetwork=True), CLUSTER) == Dns()
    found = dns(pod("web", container(), hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"), CLUSTER)
    assert found.servers == ("10.96.0.10",)


def test_without_a_cluster_dns_it_is_the_nodes() -> None:
    assert policy(pod(), Resolver((), "cluster.local", OWN)) == "Default"


def test_what_the_pod_adds() -> None:
    config = {
        "nameservers": ["1.1.1.1", "2.2.2.2", "3.3.3.3"],
        "searches": ["svc.cluster.local", "more.example"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
    }
    found = dns(pod("web", container(), dnsConfig=config), CLUSTER)
    assert found.servers == ("10.96.0.10", "1.1.1.1", "2.2.2.2")
    assert found.searches[-2:] == ("example.com", "more.example")
    assert found.searches.count("svc.cluster.local") == 1
    assert found.options == ("ndots:2", "edns0")


def test_none_is_only_what_the_pod_says() -> None:
    found = dns(pod("web", container(), dnsPolicy="None", dnsConfig={"nameservers": ["1.1.1.1"]}), CLUSTER)
    assert found == Dns(("1.1.1.1",))


def test_default_with_more_begins_with_the_nodes() -> None:
    found = dns(pod("web", container(), dnsPolicy="Default", dnsConfig={"searches": ["x"]}), CLUSTER)
    assert found == Dns(("192.0.2.53",), ("example.com", "x"), ("timeout:1",))


def test_reading_a_file() -> None:
    text = """# made by somebody
nameserver 127.0.0.53
nameserver 192.0.2.1 ; the other
search old.example
search a.example b.example .
options edns0 trust-ad
options edns0
broken
"""
    assert parse(text) == Dns(("127.0.0.53", "192.0.2.1"), ("a.example", "b.example"), ("edns0", "trust-ad"))


@given(st.text())
def test_any_file_can_be_read(text: str) -> None:
    parse(text)


@given(st.lists(st.text(alphabet="abc.", min_size=1, max_size=300), max_size=60))
def test_no_more_than_resolvers_read(searches: list[str]) -> None:
    found = dns(pod("web", container(), dnsConfig={"searches": searches}), CLUSTER)
    assert len(found.searches) <= 32
    assert len(" ".join(found.searches)) <= 2048
