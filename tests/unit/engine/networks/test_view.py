"""Docker's JSON."""

from ipaddress import IPv4Address, IPv4Network, IPv6Network

from wherry.engine.networks import plan, view
from wherry.engine.networks.model import Attached, Endpoint, Network, Own, Publication

NETWORK = Network(
    "ab" * 32, "bridge", "bridge", 1_700_000_000_000_000_005, plan.addressing(IPv4Network("172.17.0.0/16"))
)
ENDPOINT = Endpoint(NETWORK.id, "bridge", "e" * 64, "172.17.0.2", 16, "172.17.0.1", "02:42:ac:11:00:02")


def test_a_network_shows_its_range_and_its_containers() -> None:
    document = view.network_json(NETWORK, [Attached(ENDPOINT, "c1", "web")])
    assert document["IPAM"]["Config"] == [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]
    assert document["Created"] == "2023-11-14T22:13:20.000000005Z"
    assert document["Containers"] == {
        "c1": {
            "Name": "web",
            "EndpointID": "e" * 64,
            "MacAddress": "02:42:ac:11:00:02",
            "IPv4Address": "172.17.0.2/16",
            "IPv6Address": "",
        }
    }


def test_a_network_without_addresses_has_no_configuration() -> None:
    assert view.network_json(Network("cd" * 32, "none", "null", 0), [])["IPAM"]["Config"] is None


def test_an_endpoint_shows_its_address() -> None:
    document = view.endpoint_json(ENDPOINT)
    assert (document["IPAddress"], document["IPPrefixLen"], document["Gateway"]) == ("172.17.0.2", 16, "172.17.0.1")


def test_published_ports_are_grouped_by_the_containers_port() -> None:
    published = [Publication("tcp", address, 8080, "172.17.0.2", 80) for address in ("0.0.0.0", "::")]
    assert view.ports_json(published) == {
        "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}]
    }


def test_labels_are_filtered_by_name_and_value() -> None:
    labelled = Network("ef" * 32, "mine", "bridge", 0, labels={"tier": "web"}, own=Own("g0"))
    assert view.matches(labelled, {"label": ["tier", "tier=web"]}, in_use=False)
    assert not view.matches(labelled, {"label": ["tier=db"]}, in_use=False)
    assert view.matches(labelled, {"dangling": ["true"], "type": ["custom"], "id": ["efef"]}, in_use=False)
    assert not view.matches(labelled, {"dangling": ["true"]}, in_use=True)


def test_a_network_of_two_families_shows_both() -> None:
    net = plan.addressing(IPv4Network("172.17.0.0/16"), subnet6=IPv6Network("fd00:1::/64"))
    both = Network(NETWORK.id, "bridge", "bridge", 5, net)
    endpoint = plan.endpoint_of(both, "e" * 64, IPv4Address("172.17.0.2"))
    shown = view.network_json(both, [Attached(endpoint, "c1", "web")])
    assert shown["EnableIPv6"] is True
    assert shown["IPAM"]["Config"][1] == {"Subnet": "fd00:1::/64", "Gateway": "fd00:1::1"}
    assert shown["Containers"]["c1"]["IPv6Address"] == "fd00:1::2/64"
    found = view.endpoint_json(endpoint)
    names = ("IPv6Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen")
    assert [found[name] for name in names] == ["fd00:1::1", "fd00:1::2", 64]
