"""What may be asked of a network that is to be made."""

from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.networks import asked
from wherry.engine.networks.asked import Asked, Place, Pool, Taken, check
from wherry.engine.networks.options import Options
from wherry.kit.errors import Forbidden, Invalid, NotFound, Unavailable, Unsupported, WherryError

TAKEN = [IPv4Network("172.18.0.0/16"), IPv4Network("10.0.0.0/24")]


def place(pools: list[Pool], taken: list[IPv4Network], has_ipv6: bool = False) -> Place:
    return asked.place(Asked("x", pools=pools, has_ipv6=has_ipv6), Taken(taken, [IPv6Network("fd00:9::/32")]), "seed")


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"name": " "}, Invalid, "name is empty"),
        ({"name": "host"}, Forbidden, "predefined host network"),
        ({"name": "x", "driver": "host"}, Forbidden, 'only one instance of "host"'),
        ({"name": "x", "driver": "macvlan"}, Unsupported, "driver macvlan"),
        ({"name": "x", "driver": "weave"}, NotFound, 'plugin "weave" not found'),
        ({"name": "x", "options": {"com.docker.network.driver.mtu": "big"}}, Invalid, "invalid value for .*mtu: big"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], error: type[WherryError], words: str) -> None:
    with pytest.raises(error, match=words):
        check(Asked(**fields))


def test_options_are_read() -> None:
    assert check(Asked("x", "default", options={"com.docker.network.driver.mtu": "1400"})) == Options(mtu=1400)


def test_without_a_wish_it_is_the_first_free_range() -> None:
    found = place([], TAKEN)
    assert (found.net.subnet, found.net.gateway) == (IPv4Network("172.19.0.0/16"), IPv4Address("172.19.0.1"))
    assert place([Pool()], TAKEN) == found


def test_every_wish_is_kept() -> None:
    pool = Pool("10.1.0.7/16", "10.1.8.0/24", "10.1.0.254", {"printer": "10.1.8.9"})
    found = place([pool], TAKEN)
    assert (found.net.subnet, found.net.gateway) == (IPv4Network("10.1.0.0/16"), IPv4Address("10.1.0.254"))
    assert (found.range, found.reserved) == ("10.1.8.0/24", {"printer": "10.1.8.9"})


@pytest.mark.parametrize(
    ("pools", "error", "words"),
    [
        ([Pool("10.0.0.0/25")], Forbidden, "Pool overlaps"),
        ([Pool("10.1.0.0/31")], Invalid, "between /12 and /30"),
        ([Pool("11.0.0.0/8")], Invalid, "between /12 and /30"),
        ([Pool("10.1.0.0/33")], Invalid, "invalid subnet"),
        ([Pool("fd00::/64")], Invalid, "IPv6 is not asked for"),
        ([Pool("10.1.0.0/24", gateway="10.2.0.1")], Invalid, "no matching subnet for gateway"),
        ([Pool("10.1.0.0/24", gateway="10.1.0.255")], Invalid, "no matching subnet for gateway"),
        ([Pool("10.1.0.0/24", gateway="x")], Invalid, "invalid gateway x"),
        ([Pool("10.1.0.0/24", range="10.2.0.0/25")], Invalid, "no matching subnet for range"),
        ([Pool("10.1.0.0/24", reserved={"a": "10.2.0.1"})], Invalid, "no matching subnet for aux-address"),
        ([Pool(gateway="10.1.0.1")], Invalid, "needs a subnet"),
        ([Pool("10.1.0.0/24"), Pool("10.2.0.0/24")], Unsupported, "more than one range"),
    ],
)
def test_a_range_that_cannot_be_is_refused(pools: list[Pool], error: type[WherryError], words: str) -> None:
    with pytest.raises(error, match=words):
        place(pools, TAKEN)


def test_ipv6_has_a_range_of_its_own() -> None:
    four = Pool("10.1.0.0/16")
    found = place([Pool("fd00:5::7/64", gateway="fd00:5::1"), four], TAKEN, has_ipv6=True).net
    assert (str(found.subnet), str(found.subnet6), str(found.gateway6)) == ("10.1.0.0/16", "fd00:5::/64", "fd00:5::1")
    chosen = place([], TAKEN, has_ipv6=True).net.subnet6
    assert chosen is not None
    assert chosen.subnet_of(IPv6Network("fd00::/8"))
    assert place([four], TAKEN).net.subnet6 is None


@pytest.mark.parametrize(
    ("pool", "error", "words"),
    [
        (Pool("fd00:9:0:5::/64"), Forbidden, "Pool overlaps"),
        (Pool("fd00:5::/113"), Unavailable, "fewer addresses"),
        (Pool("fe80::/64"), Invalid, "not for hosts"),
        (Pool("fd00:5::/129"), Invalid, "invalid subnet"),
        (Pool("fd00:5::/64", gateway="fd00:5::2"), Unsupported, "a gateway other than fd00:5::1"),
        (Pool("fd00:5::/64", gateway="fd00:x"), Invalid, "invalid gateway"),
        (Pool("fd00:5::/64", "fd00:5::/80"), Unsupported, "a range within a subnet"),
        (Pool(gateway="fd00:5::1"), Invalid, "needs a subnet"),
    ],
)
def test_a_range_of_ipv6_that_cannot_be_is_refused(pool: Pool, error: type[WherryError], words: str) -> None:
    with pytest.raises(error, match=words):
        place([Pool("10.1.0.0/16"), pool], TAKEN, has_ipv6=True)


def test_when_none_is_free_that_is_said() -> None:
    with pytest.raises(Unavailable, match="could not find an available"):
        place([], [IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16")])


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_any_text_is_a_range_or_refused(subnet: str, gateway: str, within: str) -> None:
    try:
        found = place([Pool(subnet, within, gateway)], TAKEN, has_ipv6=True)
    except WherryError:
        return
    assert found.net.gateway in found.net.subnet
