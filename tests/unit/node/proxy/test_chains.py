"""The chains of services: their shape here, what they do on the kernel in tests/kernel."""

import re
from dataclasses import replace

from tests.unit.node.proxy.objects import NODE
from wherry.node.proxy.chains import chains, sets
from wherry.node.proxy.elements import Shape
from wherry.node.proxy.model import Network

SHAPES = (Shape("a4", 2, False, 0), Shape("a4", 40, False, 0), Shape("a4", 1, True, 60), Shape("n6", 3, False, 60))


def test_every_set_and_chain_that_a_rule_names_is_there() -> None:
    declared, made = sets(SHAPES), chains(NODE, SHAPES)
    rules = [rule for chain in made.values() for rule in chain.rules]
    assert {name for rule in rules for name in re.findall(r"@([\w-]+)", rule)} <= set(declared)
    named = {name for rule in rules for name in re.findall(r"(?:goto|jump) ([\w-]+)", rule)}
    assert named - set(made) == {"policies"}


def test_the_number_of_rules_depends_on_sizes_alone() -> None:
    two = chains(NODE, [Shape("a4", 2, False, 0)])
    assert chains(NODE, [Shape("a4", 2, False, 0)] * 5) == two
    more = chains(NODE, [Shape("a4", 2, False, 0), Shape("a4", 3, False, 0)])
    assert {name for name in more if more[name] != two.get(name)} == {"a4-pick"}


def test_affinity_brings_a_chain_for_each_time() -> None:
    made = chains(NODE, SHAPES)
    assert {name for name in made if "stick" in name} == {"a4-stick-here-60", "n6-stick-60"}
    assert {name for name in sets(SHAPES) if "sticky" in name} == {"a4-sticky-60", "n6-sticky-60"}
    assert "timeout 60s" in made["n6-stick-60"].rules[0]


def test_without_pod_networks_of_a_family_nothing_is_said_of_it() -> None:
    networks: tuple[Network, ...] = NODE.pod_networks
    made = chains(replace(NODE, pod_networks=()), ())
    assert not any("ether daddr set" in rule for rule in made["routed"].rules)
    assert any(str(networks[0]) in rule for rule in chains(NODE, ())["routed"].rules)


def test_loopback_is_never_a_node_port() -> None:
    for name in ("inside", "outside", "unserved"):
        rules = chains(NODE, ())[name].rules
        loopback = rules.index("ip daddr 127.0.0.0/8 return")
        assert all("n4-" not in rule and "n6-" not in rule for rule in rules[:loopback])
