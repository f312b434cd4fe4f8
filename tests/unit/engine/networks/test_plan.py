"""Addresses, names and ranges."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.instance import Instance
from wherry.engine.networks import plan
from wherry.kit.errors import Unavailable

DEFAULT_ROUTE = IPv4Network("0.0.0.0/0")
NETWORKS = st.builds(
    lambda number, prefix: IPv4Network((number & (0xFFFFFFFF << (32 - prefix)), prefix)),
    st.one_of(st.integers(0xAC100000, 0xAC1FFFFF), st.integers(0xC0A80000, 0xC0A8FFFF)),
    st.integers(8, 32),
)


def test_the_default_instance_prefers_dockers_own_range() -> None:
    assert plan.choose_subnet([DEFAULT_ROUTE], is_default=True) == IPv4Network("172.17.0.0/16")


def test_other_instances_leave_that_range_alone() -> None:
    assert plan.choose_subnet([], is_default=False) == IPv4Network("172.18.0.0/16")


def test_a_host_route_within_a_range_takes_all_of_it() -> None:
    assert plan.choose_subnet([IPv4Network("172.18.3.4/32")], is_default=False) == IPv4Network("172.19.0.0/16")


def test_when_all_large_ranges_are_taken_small_ones_follow() -> None:
    assert plan.choose_subnet([IPv4Network("172.16.0.0/12")], is_default=True) == IPv4Network("192.168.0.0/20")


def test_nothing_is_chosen_when_everything_is_taken() -> None:
    taken = [IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16")]
    assert plan.choose_subnet(taken, is_default=True) is None


@given(st.lists(NETWORKS, max_size=12), st.booleans())
def test_a_chosen_range_never_overlaps_what_is_taken(taken: list[IPv4Network], is_default: bool) -> None:
    chosen = plan.choose_subnet(taken, is_default)
    assert chosen is None or not any(chosen.overlaps(other) for other in taken)


def test_a_range_is_kept_while_it_is_wanted_and_free() -> None:
    subnet, other = IPv4Network("172.18.0.0/16"), IPv4Network("10.0.0.0/24")
    assert plan.is_usable(subnet, None, [DEFAULT_ROUTE])
    assert plan.is_usable(subnet, subnet, [])
    assert not plan.is_usable(subnet, other, [])
    assert not plan.is_usable(subnet, None, [IPv4Network("172.18.9.0/24")])


def test_addresses_go_round_before_one_is_used_again() -> None:
    net = plan.addressing(IPv4Network("10.0.0.0/29"))
    used: set[IPv4Address] = set()
    last, seen = None, []
    for _ in range(7):
        last = plan.free_address(net, used, last)
        assert last is not None
        seen.append(str(last))
    assert seen == ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2", "10.0.0.3"]


@given(st.sets(st.integers(1, 62)), st.one_of(st.none(), st.integers(0, 63)))
def test_a_free_address_is_within_the_range_and_nobodys(taken: set[int], after: int | None) -> None:
    net = plan.addressing(IPv4Network("10.1.2.0/26"))
    base = net.subnet.network_address
    used = {base + number for number in taken}
    found = plan.free_address(net, used, None if after is None else base + after)
    if found is None:
        assert taken | {1} == set(range(1, 63))
    else:
        assert found in set(net.subnet.hosts()) - used - {net.gateway}


def test_the_mac_is_dockers() -> None:
    assert plan.mac_of(IPv4Address("172.17.0.2")) == "02:42:ac:11:00:02"


@given(st.integers(2, 65533))
def test_names_of_links_fit_the_kernels_limit_and_differ_from_the_bridges(host: int) -> None:
    net = plan.addressing(IPv4Network("172.18.0.0/16"))
    for instance in (Instance.at(), Instance.at(Path("/tmp/somewhere"))):
        name = plan.host_link(instance, net, net.subnet.network_address + host)
        assert len(name) <= 15 and name != instance.bridge


def test_ports_that_no_endpoint_owns_are_found() -> None:
    assert plan.unowned(["c", "a", "b"], {"b"}) == ["a", "c"]


DUAL = plan.addressing(IPv4Network("10.1.0.0/16"), subnet6=IPv6Network("fd00:1::/64"))


@given(st.integers(0, 2**16 - 1))
def test_an_address_of_one_family_says_which_is_the_other(number: int) -> None:
    four = DUAL.subnet[number]
    six = plan.address6_of(DUAL, four)
    assert six is not None and six in IPv6Network("fd00:1::/64")
    assert plan.address_of(DUAL, six) == four


def test_other_addresses_of_ipv6_are_nobodys() -> None:
    for text in ("fd00:2::2", "fd00:1::1:0"):
        assert plan.address_of(DUAL, IPv6Address(text)) is None
    single = plan.addressing(IPv4Network("10.1.0.0/16"))
    assert plan.address_of(single, IPv6Address("fd00:1::2")) is None
    assert plan.address6_of(single, IPv4Address("10.1.0.2")) is None
    assert plan.interface6_of(single, None) is None
    assert str(plan.interface6_of(DUAL, DUAL.gateway6)) == "fd00:1::1/64"


def test_a_range_of_ipv6_has_an_address_for_each_of_ipv4() -> None:
    plan.addressing(IPv4Network("10.1.0.0/16"), subnet6=IPv6Network("fd00:1::/112"))
    with pytest.raises(Unavailable, match=r"fd00:1::/113 has fewer addresses .* a range of /112 or more"):
        plan.addressing(IPv4Network("10.1.0.0/16"), subnet6=IPv6Network("fd00:1::/113"))


def test_a_range_is_chosen_by_chance_and_the_same_again() -> None:
    first = plan.choose_subnet6([], "a")
    assert first == plan.choose_subnet6([IPv6Network("::/0")], "a") != plan.choose_subnet6([], "b")
    assert first.subnet_of(IPv6Network("fd00::/8")) and first.prefixlen == 64
    other = plan.choose_subnet6([first.supernet(new_prefix=48)], "a")
    assert not other.overlaps(first)


def test_an_instances_bridge_is_known_by_its_name() -> None:
    for root in ("/var/lib/wherry", "/tmp/x"):
        instance = Instance.at(Path(root))
        assert plan.is_bridge(instance.bridge)
        assert not plan.is_bridge(instance.veth("2"))
    assert not any(plan.is_bridge(link) for link in ("eth0", "docker0", "what0", "whoever"))


def test_addresses_may_be_kept_to_a_part_of_the_range() -> None:
    net = plan.addressing(IPv4Network("10.0.0.0/24"))
    within = IPv4Network("10.0.0.64/29")
    used = {IPv4Address("10.0.0.65")}
    assert plan.free_address(net, used, None, within) == IPv4Address("10.0.0.66")
    assert plan.free_address(net, used, IPv4Address("10.0.0.70"), within) == IPv4Address("10.0.0.66")


def test_links_of_networks_never_have_the_same_name() -> None:
    """A slot begins with a letter that numbers in base 16 do not have."""
    instance, net = Instance(Path("/x"), Path("/x/run"), "12345678"), plan.addressing(IPv4Network("10.0.0.0/12"))
    last = net.subnet[-1]
    assert plan.host_link(instance, net, IPv4Address("10.0.0.2"), "g0") == "wv1234567g02"
    assert len(plan.host_link(instance, net, last, "zz")) <= 15
    slots: list[str] = []
    for _ in range(720):
        slots.append(plan.free_slot(slots))
    assert len(set(slots)) == 720
    assert not any(slot[0] in "0123456789abcdef" for slot in slots)
    with pytest.raises(Unavailable, match="too many networks"):
        plan.free_slot(slots)


@pytest.mark.parametrize(
    ("link", "slot"),
    [("wv1234567g0", "g0"), ("wv1234567zz", "zz"), ("wv1234567g02", None), ("wv12345672", None), ("wv1234567ab", None),
     ("wv7654321g0", None), ("wh12345678", None), ("g0", None)],
)  # fmt: skip
def test_the_bridges_of_users_networks_are_known_by_their_names(link: str, slot: str | None) -> None:
    assert plan.slot_of(Instance(Path("/x"), Path("/x/run"), "12345678"), link) == slot


def test_an_address_of_ipv6_that_somebody_has_gives_way_to_the_next() -> None:
    first = IPv6Address("fd00:1::5")
    assert plan.free_address6(DUAL, first, set()) == first
    assert plan.free_address6(DUAL, first, {first, first + 1}) == IPv6Address("fd00:1::7")
    small = plan.addressing(IPv4Network("10.1.0.0/30"), subnet6=IPv6Network("fd00:1::/126"))
    two, three = IPv6Address("fd00:1::2"), IPv6Address("fd00:1::3")
    assert plan.free_address6(small, three, {three}) == two
    with pytest.raises(Unavailable, match="no available IPv6 addresses"):
        plan.free_address6(small, three, {two, three})
