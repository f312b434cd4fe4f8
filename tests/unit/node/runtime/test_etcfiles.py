"""A pod's files of /etc."""

import pytest

from tests.unit.node.runtime.world import pod
from wherry.node.pods.runtime import Dns
from wherry.node.runtime.etcfiles import hosts, resolver, texts

HOST = "nameserver 127.0.0.53\nnameserver 9.9.9.9\nsearch lan\n"


def test_hosts_has_the_pods_name_and_aliases() -> None:
    text = hosts(pod(hosts=("1.1.1.1\ta\tb",)), ["10.0.0.2"])
    lines = text.splitlines()
    assert lines[0] == "# Kubernetes-managed hosts file."
    assert lines[1] == "127.0.0.1\tlocalhost"
    assert lines[7:] == ["10.0.0.2\thost-u1", "", "# Entries added by HostAliases.", "1.1.1.1\ta\tb"]


def test_a_domain_goes_before_the_short_name() -> None:
    assert hosts(pod(domain="sub.ns.svc"), ["10.0.0.2"]).endswith("10.0.0.2\thost-u1.sub.ns.svc\thost-u1\n")


def test_each_address_has_the_pods_name() -> None:
    assert hosts(pod(), ["10.0.0.2", "fd00::2"]).endswith("10.0.0.2\thost-u1\nfd00::2\thost-u1\n")


def test_name_servers_of_ipv6_are_the_hosts_own_where_there_is_ipv6() -> None:
    for addresses, servers in ((["10.0.0.2"], 1), (["10.0.0.2", "fd00::2"], 2)):
        made = texts(pod(), addresses, lambda path: "nameserver 9.9.9.9\nnameserver 2620:fe::fe\n")
        assert made["resolv.conf"].count("nameserver") == servers


def test_on_the_hosts_network_hosts_is_the_hosts() -> None:
    text = hosts(pod(hosts=("1.1.1.1\ta",)), (), "127.0.0.1\tlocalhost\n")
    assert text == (
        "# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n"
        "\n# Entries added by HostAliases.\n1.1.1.1\ta\n"
    )


@pytest.mark.parametrize(
    ("dns", "text"),
    [
        (Dns(("1.1.1.1", "2.2.2.2"), ("a", "b")), "search a b\nnameserver 1.1.1.1\nnameserver 2.2.2.2\n"),
        (Dns(("1.1.1.1",), (), ("ndots:5", "x")), "nameserver 1.1.1.1\noptions ndots:5 x\n"),
        (Dns(searches=("a",)), "search a\n"),
        (Dns(("1.1.1.1",)), "nameserver 1.1.1.1\n"),
    ],
)
def test_names_are_resolved_exactly_as_asked_for(dns: Dns, text: str) -> None:
    assert resolver(dns, HOST, own_network=True) == resolver(dns, HOST, own_network=False) == text


def test_where_nothing_is_asked_for_names_are_resolved_as_on_the_host() -> None:
    assert resolver(Dns(), HOST, own_network=False) == HOST
    own = resolver(Dns(), HOST, own_network=True)
    assert "nameserver 9.9.9.9" in own and "search lan" in own
    assert "127.0.0.53" not in own, "there is nobody at the pod's own loopback"


def test_all_three_are_made() -> None:
    made = texts(pod(), ["10.0.0.2"], lambda path: HOST if path == "/etc/resolv.conf" else "never read")
    assert sorted(made) == ["hostname", "hosts", "resolv.conf"]
    assert made["hostname"] == "host-u1\n" and "never read" not in made["hosts"]
    assert "the host's" in texts(pod(), (), lambda path: "the host's\n")["hosts"]
