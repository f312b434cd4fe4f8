"""Forwarding in a network namespace of one's own, and what a machine loses by it: nothing."""

from ipaddress import IPv6Address, IPv6Interface

from tests.unit.linux.apart import apart
from wherry.linux import forwarding
from wherry.linux.links import Links
from wherry.linux.sysctl import read_net, write_net

_NAMES = ("forwarding", "accept_ra")


def settings(*links: str) -> dict[str, str | None]:
    return {f"{link}/{name}": read_net(f"ipv6/conf/{link}/{name}") for link in links for name in _NAMES}


@apart
def test_one_family_is_switched_without_the_other() -> None:
    assert forwarding.has_ipv6()
    for on in (True, True, False):
        forwarding.set_on(on)
        assert (forwarding.is_on(), forwarding.is_on6()) == (on, False)
    for on in (True, True, False, False):
        forwarding.set_on6(on)
        assert (forwarding.is_on(), forwarding.is_on6()) == (False, on)


@apart
def test_links_go_on_believing_their_routers_and_keep_the_routes_that_these_have_told() -> None:
    with Links() as links:
        for name in ("host0", "deaf0", "router0"):
            links.add_bridge(name, "02:00:00:00:00:01")
        write_net("ipv6/conf/deaf0/accept_ra", "0")
        write_net("ipv6/conf/router0/forwarding", "1")
        before = settings("host0", "deaf0", "router0", "default")
        host = links.get("host0")
        assert host is not None
        links.add_address(host.index, IPv6Interface("fd00:1::2/64"))
        links.set_up(host.index)
        links.add_default_route(IPv6Address("fd00:1::1"), host.index)

        forwarding.set_on6(True)
        assert forwarding.is_on6()
        assert settings("host0", "deaf0", "router0", "default") == before
        assert [link for network, link in links.routes6() if not network.prefixlen] == [host.index]
        forwarding.set_on6(False)
        after = settings("host0", "deaf0", "default")
    assert after == {name: value for name, value in before.items() if not name.startswith("router0")}
