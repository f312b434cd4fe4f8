"""What every Plumbing promises: run on the kernel's (test_apply) and on the imagined one (test_fake)."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

from wherry.engine.networks import plan
from wherry.engine.networks.apply import Plumbing, Wire
from wherry.engine.networks.model import Addressing, Publication
from wherry.engine.networks.rules import Ground

NET = Addressing(IPv4Network("172.30.0.0/24"), IPv4Address("172.30.0.1"))
GATEWAY = IPv4Interface("172.30.0.1/24")
DUAL = Addressing(NET.subnet, NET.gateway, IPv6Network("fd00:30::/64"))
GATEWAY6 = IPv6Interface("fd00:30::1/64")
MAC = plan.mac_of(NET.gateway)
GROUND = Ground("wherry-own", "wh0", NET)
WEB = Publication("tcp", "0.0.0.0", 8080, "172.30.0.2", 80)
DNS = Publication("udp", "127.0.0.1", 5353, "172.30.0.2", 53)


def wire(number: int = 2, net: Addressing = NET) -> Wire:
    """Of the container that has this address."""
    address = IPv4Address(f"172.30.0.{number}")
    six = plan.interface6_of(net, plan.address6_of(net, address))
    four = plan.interface_of(net, address)
    return Wire(f"wv{number}", "eth0", plan.mac_of(address), four, net.gateway, six, net.gateway6)


def a_bridge_is_there_once_however_often_it_is_made(plumbing: Plumbing, netns: int) -> None:
    for _ in range(2):
        plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    assert plumbing.links().count("wh0") == 1
    assert plumbing.bridge_ports("wh0") == []


def a_bridge_that_is_not_there_has_no_ports(plumbing: Plumbing, netns: int) -> None:
    assert plumbing.bridge_ports("absent") == []


def a_bridges_range_is_taken_for_all_but_itself(plumbing: Plumbing, netns: int) -> None:
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    assert NET.subnet in plumbing.taken("other")
    assert NET.subnet not in plumbing.taken("wh0")


def a_bridge_has_only_the_address_it_was_given_last(plumbing: Plumbing, netns: int) -> None:
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    plumbing.ensure_bridge("wh0", MAC, IPv4Interface("10.9.0.1/16"))
    assert IPv4Network("10.9.0.0/16") in plumbing.taken("other")
    assert NET.subnet not in plumbing.taken("other")


def a_bridge_has_ipv6_while_it_is_given_one(plumbing: Plumbing, netns: int) -> None:
    assert plumbing.has_ipv6()
    for _ in range(2):
        plumbing.ensure_bridge("wh0", MAC, GATEWAY, GATEWAY6)
    assert GATEWAY6.network in plumbing.taken6("other")
    assert plumbing.taken6("wh0") == []
    plumbing.ensure_bridge("wh0", MAC, GATEWAY, IPv6Interface("fd00:31::1/64"))
    assert set(plumbing.taken6("other")) == {IPv6Network("fd00:31::/64")}
    assert "wh0" in plumbing.links(6)
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    assert plumbing.taken6("other") == []
    assert "wh0" not in plumbing.links(6)


def a_neighbour_is_forgotten_as_often_as_one_likes(plumbing: Plumbing, netns: int) -> None:
    plumbing.ensure_bridge("wh0", MAC, GATEWAY, GATEWAY6)
    laid = wire(2, DUAL)
    plumbing.lay(netns, "wh0", laid)
    assert laid.address6 is not None
    for _ in range(2):
        plumbing.set_neighbours("wh0", {laid.address6.ip: laid.mac, GATEWAY6.ip + 9: laid.mac})
    for _ in range(2):
        plumbing.forget("wh0", laid.address6.ip)
    plumbing.set_neighbours("wh0", {})
    plumbing.remove_link("wh0")
    plumbing.forget("wh0", laid.address6.ip)


def a_wire_is_a_port_of_its_bridge_until_it_is_removed(plumbing: Plumbing, netns: int) -> None:
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    plumbing.lay(netns, "wh0", wire())
    assert plumbing.bridge_ports("wh0") == ["wv2"]
    for _ in range(2):
        plumbing.remove_link("wv2")
    assert plumbing.bridge_ports("wh0") == []
    assert "wh0" in plumbing.links()


def a_way_is_shown_as_often_as_one_likes(plumbing: Plumbing, netns: int) -> None:
    plumbing.ensure_bridge("wh0", MAC, GATEWAY, GATEWAY6)
    laid = wire(2, DUAL)
    plumbing.lay(netns, "wh0", laid)
    for _ in range(2):
        plumbing.lead(netns, laid)


def a_bridge_is_removed_as_often_as_one_likes(plumbing: Plumbing, netns: int) -> None:
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    for _ in range(2):
        plumbing.remove_link("wh0")
    assert "wh0" not in plumbing.links()
    assert NET.subnet not in plumbing.taken("other")


def forwarding_is_as_it_was_set(plumbing: Plumbing, netns: int) -> None:
    for on in (True, False, False, True):
        plumbing.set_forwarding(on)
        assert plumbing.is_forwarding() is on
        plumbing.set_forwarding(not on, 6)
        assert plumbing.is_forwarding(6) is not on
        assert plumbing.is_forwarding() is on


def a_fence_is_written_down_for_all_until_it_is_forgotten(plumbing: Plumbing, netns: int) -> None:
    assert (plumbing.fence(), plumbing.fence(6)) == (None, None)
    for links in (["eth0", "br-1.2@x"], []):
        for _ in range(2):
            plumbing.set_fence(links)
        assert (plumbing.fence(), plumbing.fence(6)) == (tuple(sorted(links)), None)
    plumbing.set_fence(["eth0"], 6)
    plumbing.set_fence(None)
    assert (plumbing.fence(), plumbing.fence(6)) == (None, ("eth0",))
    for _ in range(2):
        plumbing.set_fence(None, 6)
    assert (plumbing.fence(), plumbing.fence(6)) == (None, None)


def rules_are_set_again_and_removed_as_often_as_one_likes(plumbing: Plumbing, netns: int) -> None:
    for publications in ([], [WEB], [WEB, DNS], [DNS]):
        plumbing.set_rules(GROUND, publications)
    for _ in range(2):
        plumbing.remove_rules(GROUND.table)


def ports_are_published_and_no_more_as_often_as_one_likes(plumbing: Plumbing, netns: int) -> None:
    plumbing.set_rules(GROUND, [])
    for _ in range(2):
        plumbing.publish(GROUND.table, [WEB, DNS])
    for _ in range(2):
        plumbing.unpublish(GROUND.table, [WEB])
    plumbing.publish(GROUND.table, [])
    plumbing.unpublish(GROUND.table, [DNS])


PROMISES: list[Callable[[Plumbing, int], None]] = [
    a_bridge_is_there_once_however_often_it_is_made,
    a_bridge_that_is_not_there_has_no_ports,
    a_bridges_range_is_taken_for_all_but_itself,
    a_bridge_has_only_the_address_it_was_given_last,
    a_bridge_has_ipv6_while_it_is_given_one,
    a_neighbour_is_forgotten_as_often_as_one_likes,
    a_wire_is_a_port_of_its_bridge_until_it_is_removed,
    a_way_is_shown_as_often_as_one_likes,
    a_bridge_is_removed_as_often_as_one_likes,
    forwarding_is_as_it_was_set,
    a_fence_is_written_down_for_all_until_it_is_forgotten,
    rules_are_set_again_and_removed_as_often_as_one_likes,
    ports_are_published_and_no_more_as_often_as_one_likes,
]
