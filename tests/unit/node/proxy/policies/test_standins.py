"""Who is kept from names and the API; that packets then do not get there is shown on the kernel."""

from typing import Any

import pytest

from tests.unit.node.proxy.objects import GATEWAY, labelled, pod, policy
from wherry.kube.machinery.model import Object
from wherry.node.proxy.model import NamedPort, StandIn, Target
from wherry.node.proxy.policies.model import policy_pod
from wherry.node.proxy.policies.plan import plan

PORTS = (NamedPort("dns", "UDP", 53), NamedPort("dns-tcp", "TCP", 53))
DNS = StandIn(Target(GATEWAY, 10053), GATEWAY, PORTS, "kube-system", (("k8s-app", "kube-dns"),))
API = StandIn(Target(GATEWAY, 41234), "192.168.77.1", (NamedPort("https", "TCP", 6443),))
SYSTEM = {"kubernetes.io/metadata.name": "kube-system"}
NAMESPACES = {"default": {"team": "a"}, "kube-system": SYSTEM}
BOTH = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
TO_DNS = {"namespaceSelector": {"matchLabels": SYSTEM}, "podSelector": labelled(**{"k8s-app": "kube-dns"})}

AMONG: list[Object] = [
    TO_DNS,
    {"namespaceSelector": {}},
    {"namespaceSelector": {"matchLabels": SYSTEM}},
    {"namespaceSelector": {}, "podSelector": labelled(**{"k8s-app": "kube-dns"})},
    {"ipBlock": {"cidr": "0.0.0.0/0"}},
    {"ipBlock": {"cidr": "172.16.0.0/12", "except": ["172.31.0.0/16"]}},
]
NOT_AMONG: list[Object] = [
    {"podSelector": labelled(**{"k8s-app": "kube-dns"})},  # of the policy's own namespace
    {"namespaceSelector": labelled(team="a")},
    {"namespaceSelector": labelled(name="kube-system")},  # a label that nobody gives by himself
    {"namespaceSelector": {}, "podSelector": labelled(**{"k8s-app": "coredns"})},
    {"ipBlock": {"cidr": "10.96.0.10/32"}},  # the service's: policies see what is behind it
    {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["172.16.0.0/12"]}},
    {"ipBlock": {"cidr": "::/0"}},
]
PORT_CASES: list[tuple[list[Object], set[str]]] = [
    ([], set()),
    (BOTH, set()),
    ([{"protocol": "UDP"}, {"protocol": "TCP", "port": 1, "endPort": 1024}], set()),
    ([{"protocol": "UDP", "port": "dns"}, {"protocol": "TCP", "port": "dns-tcp"}], set()),
    ([{"protocol": "UDP", "port": "dns-tcp"}], {"udp", "tcp"}),
    ([{"protocol": "UDP", "port": 10053}, {"protocol": "TCP", "port": 54, "endPort": 60}], {"udp", "tcp"}),
]
"""What is allowed, and what is kept all the same."""


def kept(*policies: Object, stand_in: StandIn = DNS, address: str = "172.30.0.2,fd00:30::2", **more: Any) -> set[str]:
    """What a pod in ``default`` with the label ``app: web`` is kept from."""
    one = policy_pod(pod("web", address, labels={"app": "web"}, **more), "here")
    assert one is not None
    elements = plan(policies, [one], NAMESPACES, [stand_in]).elements
    return {key.split(" . ")[2] for name in ("withheld4", "withheld6") for key in elements.get(name, {})}


def egress(*rules: Object) -> Object:
    return policy(policyTypes=["Egress"], egress=list(rules))


def test_nothing_is_kept_from_who_may_send() -> None:
    assert kept() == set()
    assert kept(policy(policyTypes=["Ingress"])) == set()
    assert kept(policy(selector=labelled(app="other"), policyTypes=["Egress"])) == set()
    assert kept(policy(namespace="kube-system", policyTypes=["Egress"])) == set()


def test_who_may_send_nothing_cannot_resolve_a_name() -> None:
    assert kept(egress()) == {"udp", "tcp"}
    assert kept(egress({"to": [{"podSelector": {}}]})) == {"udp", "tcp"}


def test_each_protocol_has_to_be_allowed() -> None:
    assert kept(egress({"to": [TO_DNS], "ports": BOTH[:1]})) == {"tcp"}
    assert kept(egress({"to": [TO_DNS], "ports": [{"port": 53}]})) == {"udp"}, "without a protocol, it is TCP"
    assert kept(egress({"to": [TO_DNS], "ports": BOTH[:1]}), policy("b", egress=[{"ports": BOTH[1:]}])) == set()


@pytest.mark.parametrize("peer", AMONG)
def test_peers_that_it_is_among(peer: Object) -> None:
    assert kept(egress({"to": [peer], "ports": BOTH})) == set()


@pytest.mark.parametrize("peer", NOT_AMONG)
def test_peers_that_it_is_not_among(peer: Object) -> None:
    assert kept(egress({"to": [peer], "ports": BOTH})) == {"udp", "tcp"}


@pytest.mark.parametrize(("ports", "expected"), PORT_CASES)
def test_ports_are_those_of_the_pods_that_it_is_taken_for(ports: list[Object], expected: set[str]) -> None:
    assert kept(egress({"ports": ports} if ports else {})) == expected


def test_addresses_have_no_names_for_ports() -> None:
    block = {"ipBlock": {"cidr": "0.0.0.0/0"}}
    assert kept(egress({"to": [block], "ports": [{"protocol": "UDP", "port": "dns"}]})) == {"udp", "tcp"}


def test_policies_of_its_namespace_shut_it_as_they_would_the_pods() -> None:
    shut = policy("shut", namespace="kube-system")
    assert kept(shut) == {"udp", "tcp"}
    open_again = {"from": [{"namespaceSelector": labelled(team="a")}], "ports": BOTH[:1]}
    assert kept(shut, policy("open", namespace="kube-system", ingress=[open_again])) == {"tcp"}
    block = {"from": [{"ipBlock": {"cidr": "172.30.0.0/24"}}]}
    assert kept(shut, policy("open", namespace="kube-system", ingress=[block])) == set()
    of_the_other_family = {"from": [{"ipBlock": {"cidr": "fd00:30::/64"}}]}
    assert kept(shut, policy("open", namespace="kube-system", ingress=[of_the_other_family])) == {"udp", "tcp"}
    others = policy("others", labelled(app="other"), namespace="kube-system")
    assert kept(others) == set()


def test_it_is_of_one_address_family_and_of_pods_that_are_here() -> None:
    assert kept(egress(), address="fd00:30::2") == set()
    assert kept(egress(), node="there") == set()
    six = StandIn(Target("fd00:30::1", 10053), "fd00:30::1", PORTS, "kube-system", DNS.labels)
    assert kept(egress(), stand_in=six) == {"udp", "tcp"}


def test_what_is_no_pod_is_allowed_by_its_address_and_its_own_port() -> None:
    def is_kept(*rules: Object) -> bool:
        return bool(kept(egress(*rules), stand_in=API))

    machine = {"ipBlock": {"cidr": "192.168.77.1/32"}}
    assert is_kept()
    assert is_kept({"to": [{"namespaceSelector": {}}]})
    assert is_kept({"to": [{"ipBlock": {"cidr": "10.96.0.1/32"}}]})
    assert is_kept({"to": [machine], "ports": [{"port": 443}]}), "that is the service's, not the API's"
    assert not is_kept({"to": [machine], "ports": [{"port": 6443}]})
    assert not is_kept({})


def test_it_is_kept_where_it_is_and_where_it_says_that_it_is() -> None:
    one = policy_pod(pod("web", "172.30.0.2"), "here")
    assert one is not None
    found = plan([egress()], [one], NAMESPACES, [DNS, API]).elements
    assert set(found["withheld4"]) == {
        f"172.30.0.2 . {GATEWAY} . udp . 10053",
        f"172.30.0.2 . {GATEWAY} . tcp . 10053",
        f"172.30.0.2 . {GATEWAY} . udp . 53",
        f"172.30.0.2 . {GATEWAY} . tcp . 53",
        f"172.30.0.2 . {GATEWAY} . tcp . 41234",
        "172.30.0.2 . 192.168.77.1 . tcp . 6443",
    }
