"""The rules as text; what they do to packets is tested on a kernel."""

from ipaddress import IPv4Network, IPv6Network

from wherry.engine.networks import plan, rules
from wherry.engine.networks.model import Publication

GROUND = rules.Ground("wherry-x", "wherry0", plan.addressing(IPv4Network("172.17.0.0/16")))


def published(address: str, protocol: str = "tcp") -> Publication:
    return Publication(protocol, address, 8080, "172.17.0.2", 80)  # type: ignore[arg-type]


def test_a_port_of_every_address_is_one_element_for_the_network_and_one_for_loopback() -> None:
    assert rules.elements("add", "wherry-x", [published("0.0.0.0")]).splitlines() == [
        "add element inet wherry-x ports { tcp . 8080 : 172.17.0.2 . 80 }",
        "add element inet wherry-x loopback_ports { tcp . 8080 }",
    ]


def test_a_port_of_a_loopback_address_is_keyed_by_it() -> None:
    assert rules.elements("delete", "wherry-x", [published("127.0.0.1", "udp")]).splitlines() == [
        "delete element inet wherry-x address_ports { 127.0.0.1 . udp . 8080 : 172.17.0.2 . 80 }",
        "delete element inet wherry-x loopback_address_ports { 127.0.0.1 . udp . 8080 }",
    ]


def test_a_port_of_another_address_never_rewrites_loopback() -> None:
    assert "loopback" not in rules.elements("add", "wherry-x", [published("192.0.2.1")])


def test_ipv6_that_is_relayed_has_no_elements() -> None:
    assert rules.elements("add", "wherry-x", [published("::"), published("::1")]) == ""


def six(host: str) -> Publication:
    return Publication("tcp", host, 8080, "fd00:1::2", 80)


def test_ipv6_that_is_led_has_its_own() -> None:
    assert rules.elements("add", "wherry-x", [six("::"), six("2001:db8::1")]).splitlines() == [
        "add element inet wherry-x ports6 { tcp . 8080 : fd00:1::2 . 80 }",
        "add element inet wherry-x address_ports6 { 2001:db8::1 . tcp . 8080 : fd00:1::2 . 80 }",
    ]
    script = rules.ruleset(GROUND, [six("::")])  # the network has none any more: nothing leads there, and all is well
    assert "add map inet wherry-x ports6" in script and "dnat ip6" not in script


def test_every_line_concerns_the_instances_own_table_only() -> None:
    script = rules.ruleset(GROUND, [published("0.0.0.0"), published("::")])
    assert all(line.split()[2:4] == ["inet", "wherry-x"] for line in script.splitlines())


def test_without_a_fence_there_is_no_rule_about_other_links() -> None:
    fenced = rules.Ground(GROUND.table, GROUND.bridge, GROUND.net, ("eth0", "eth1"))
    rule = 'iifname { "eth0", "eth1" } oifname { "eth0", "eth1" } drop'
    assert f"ipv4 {rule}" in rules.ruleset(fenced, [])
    assert "ipv6" not in rules.ruleset(fenced, [])
    six = rules.Ground(GROUND.table, GROUND.bridge, GROUND.net, fence6=("eth0", "eth1"))
    assert f"ipv6 {rule}" in rules.ruleset(six, [])
    assert "ipv4 iifname" not in rules.ruleset(six, [])
    assert "eth0" not in rules.ruleset(GROUND, [])


def test_what_was_there_goes_in_the_same_script() -> None:
    script = rules.ruleset(GROUND, [])
    assert script.startswith("add table inet wherry-x\ndelete table inet wherry-x\nadd table inet wherry-x\n")


def test_ipv6_is_treated_as_ipv4_is_and_named_only_where_there_is_some() -> None:
    dual = plan.addressing(IPv4Network("172.17.0.0/16"), subnet6=IPv6Network("fd00:1::/64"))
    script = rules.ruleset(rules.Ground(GROUND.table, GROUND.bridge, dual), [])
    for rule in (
        'iifname != { "lo", "wherry0" } ip6 daddr fd00:1::/64 fib daddr oifname "wherry0" drop',
        'ip6 saddr fd00:1::/64 oifname != "wherry0" masquerade',
        'ip6 saddr fd00:1::/64 oifname "wherry0" ct status dnat masquerade',
        "dnat_in fib daddr type local dnat ip6 to meta l4proto . th dport map @ports6",
    ):
        assert rule in script
    assert "ip6" not in rules.ruleset(GROUND, [])


def test_nothing_leaves_an_internal_network() -> None:
    text = rules.ruleset(
        rules.Ground("wherry-x-g0", "wvxg0", plan.addressing(IPv4Network("10.0.0.0/24")), is_internal=True), []
    )
    forward = [line for line in text.splitlines() if " forward " in line and line.startswith("add rule")]
    assert forward == [
        'add rule inet wherry-x-g0 forward iifname "wvxg0" oifname != "wvxg0" drop',
        'add rule inet wherry-x-g0 forward oifname "wvxg0" iifname != "wvxg0" drop',
    ]


def test_with_its_options_off_a_network_has_fewer_rules_or_more() -> None:
    def lines(**fields: bool) -> set[str]:
        ground = rules.Ground(GROUND.table, GROUND.bridge, GROUND.net, **fields)
        return set(rules.ruleset(ground, []).splitlines())

    assert lines(is_apart=True) - lines() == {
        'add rule inet wherry-x dnat_in iifname "wherry0" return',
        'add rule inet wherry-x forward iifname "wherry0" oifname "wherry0" drop',
    }
    assert lines(masquerades=False) < lines()
    assert lines() - lines(masquerades=False) == {
        'add rule inet wherry-x postrouting ip saddr 172.17.0.0/16 oifname != "wherry0" masquerade',
        'add rule inet wherry-x guard iifname != { "lo", "wherry0" } ip daddr 172.17.0.0/16 fib daddr oifname "wherry0"'
        " drop",
    }


def test_questions_for_names_are_led_to_the_engine() -> None:
    text = rules.names(1053, 2053)
    assert "ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:1053" in text
    assert "ip daddr 127.0.0.11 tcp dport 53 dnat to 127.0.0.11:2053" in text
