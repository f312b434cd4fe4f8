"""From policies to chains; what they let through is shown on the kernel (tests/kernel/test_proxy_policies.py)."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.node.proxy.objects import labelled, pod, policy
from wherry.kube.machinery.model import Object
from wherry.node.proxy.model import Ruleset
from wherry.node.proxy.policies.model import PolicyPod, policy_pod
from wherry.node.proxy.policies.plan import plan


def made(name: str, address: str, **more: Any) -> PolicyPod:
    found = policy_pod(pod(name, address, **more), "here")
    assert found is not None
    return found


HTTP = [{"name": "http", "containerPort": 8080}]
WEB = made("web", "10.0.0.1", labels={"app": "web"}, ports=HTTP)
CLIENT = made("client", "10.0.0.2", labels={"app": "client"})
FAR = made("far", "10.0.9.9", node="there", labels={"app": "client"})
PODS = [WEB, CLIENT, FAR]
ALWAYS = {"policies", "answered"}
NAMESPACES = {"default": {"team": "a"}}
TO_WEB = labelled(app="web")


def planned(*policies: Object) -> Ruleset:
    return plan(policies, PODS, NAMESPACES)


def chain(ruleset: Ruleset, direction: str = "ingress") -> list[str]:
    """The rules of the one chain of that direction."""
    (found,) = [each.rules for name, each in ruleset.chains.items() if name.startswith(direction)]
    return list(found)


def test_without_policies_there_are_two_chains_and_nothing_in_its_maps() -> None:
    empty = planned()
    assert set(empty.chains) == ALWAYS
    assert empty.elements == {}


def test_selected_pods_of_this_node_are_shut() -> None:
    found = planned(policy())
    assert set(found.elements["ingress4"]) == {"10.0.0.1", "10.0.0.2"}
    assert "egress4" not in found.elements
    assert chain(found) == ["drop"]


def test_directions_are_those_that_are_named_or_have_rules() -> None:
    assert set(planned(policy(policyTypes=["Egress"])).elements) == {"egress4"}
    assert set(planned(policy(egress=[{}])).elements) == {"ingress4", "egress4"}
    assert set(planned(policy(policyTypes=["Ingress"], egress=[{}])).elements) == {"ingress4"}


def test_an_empty_rule_lets_everything_through() -> None:
    assert chain(planned(policy(ingress=[{}]))) == ["return", "drop"]


def test_peers_are_sets_that_hold_pods_of_every_node() -> None:
    found = planned(policy(selector=TO_WEB, ingress=[{"from": [{"podSelector": labelled(app="client")}]}]))
    (name,) = [name for name in found.elements if name.startswith("pods4")]
    assert set(found.elements[name]) == {"10.0.0.2", "10.0.9.9"}
    assert chain(found) == [
        f"ip saddr @{name} return", f"ip6 saddr @{name.replace('pods4', 'pods6')} return", "drop",
    ]  # fmt: skip


def test_blocks_are_written_out() -> None:
    block = {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}
    every = {"cidr": "::/0"}
    found = planned(policy(egress=[{"to": [{"ipBlock": block}, {"ipBlock": every}], "ports": [{"port": 53}]}]))
    assert chain(found, "egress") == [
        "ip daddr 10.0.0.0/8 ip daddr != { 10.1.0.0/16, 10.2.0.0/16 } tcp dport 53 return",
        "meta nfproto ipv6 tcp dport 53 return",
        "drop",
    ]


def test_ports_have_numbers_ranges_and_protocols() -> None:
    ports = [{"port": 80, "endPort": 90}, {"protocol": "SCTP"}, {"port": 53, "protocol": "UDP"}, {"protocol": "X"}]
    found = planned(policy(ingress=[{"ports": ports}]))
    assert chain(found) == ["tcp dport 80-90 return", "meta l4proto sctp return", "udp dport 53 return", "drop"]


def test_names_of_ports_are_looked_up_where_packets_go() -> None:
    into = planned(policy(selector=TO_WEB, ingress=[{"ports": [{"port": "http"}]}]))
    (name,) = [name for name in into.elements if name.startswith("ports4")]
    assert set(into.elements[name]) == {"10.0.0.1 . tcp . 8080"}
    client = labelled(app="client")
    out = planned(policy(selector=client, egress=[{"to": [{"podSelector": TO_WEB}], "ports": [{"port": "http"}]}]))
    (name,) = [name for name in out.elements if name.startswith("ports4")]
    assert set(out.elements[name]) == {"10.0.0.1 . tcp . 8080"}
    nobody = planned(policy(egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": "http"}]}]))
    assert chain(nobody, "egress") == ["drop"]


def test_pods_with_the_same_policies_share_a_chain() -> None:
    found = planned(policy("a"), policy("b", ingress=[{}]), policy("c", selector=TO_WEB, ingress=[{}]))
    chains = found.chains.keys() - ALWAYS
    assert len(chains) == 2
    assert len(set(found.elements["ingress4"].values())) == 2


def test_policies_of_other_namespaces_select_nobody_here() -> None:
    assert planned(policy(namespace="other")).elements == {}


PEERS = st.sampled_from(
    [{"podSelector": {}}, {"namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}, {"podSelector": TO_WEB}]
)
PORTS = st.sampled_from([{"port": 80}, {"port": "http"}, {"protocol": "UDP"}, {"port": 1, "endPort": 5}])
RULES = st.fixed_dictionaries({}, optional={"from": st.lists(PEERS, max_size=3), "ports": st.lists(PORTS, max_size=3)})


@given(st.lists(st.lists(RULES, max_size=3), max_size=4))
def test_every_chain_ends_shut_and_names_what_is_there(all_rules: list[list[Object]]) -> None:
    found = planned(*(policy(f"p{number}", ingress=rules) for number, rules in enumerate(all_rules)))
    for name, each in found.chains.items():
        if name not in ALWAYS:
            assert each.rules[-1] == "drop"
            assert all(rule.endswith("return") for rule in each.rules[:-1])
    named = {
        word[1:] for each in found.chains.values() for rule in each.rules for word in rule.split() if word[0] == "@"
    }
    assert {name for name in named if not name.startswith("hairpin")} <= set(found.sets)
    assert set(found.elements) <= set(found.sets)
    targets = {value.removeprefix("jump ") for value in found.elements.get("ingress4", {}).values()}
    assert targets <= set(found.chains)
