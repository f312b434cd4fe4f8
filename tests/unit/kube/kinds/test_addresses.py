"""Addresses and networks as fields of the API."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds import addresses
from wherry.kube.machinery.fielderrors import Path

AT = Path("at")
NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
NO_NETWORK = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("10.0.0.1", ""),
        ("2001:db8::1", ""),
        ("2001:DB8:0::1", ""),
        ("", NO_ADDRESS),
        ("10.0.0", NO_ADDRESS),
        ("fe80::1%eth0", NO_ADDRESS),
        ("010.0.0.1", "must not have leading 0s"),
        ("::ffff:10.0.0.1", "must not be an IPv4-mapped IPv6 address"),
    ],
)
def test_an_address(text: str, complaint: str) -> None:
    expected = [f'at: Invalid value: "{text}": {complaint}'] if complaint else []
    assert said(addresses.address(AT, text)) == expected


def test_a_canonical_address() -> None:
    assert said(addresses.canonical_address(AT, "2001:db8::1")) == []
    assert said(addresses.canonical_address(AT, "2001:DB8::1")) == [
        'at: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")'
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("10.0.0.0/8", ""),
        ("2001:db8::/64", ""),
        ("10.0.0.0", NO_NETWORK),
        ("10.0.0.0/33", NO_NETWORK),
        ("10.0.0.0/+8", NO_NETWORK),
        ("010.0.0.0/8", "must not have leading 0s in IP or prefix length"),
        ("10.0.0.0/08", "must not have leading 0s in IP or prefix length"),
        ("::ffff:10.0.0.0/104", "must not have an IPv4-mapped IPv6 address"),
        ("10.0.0.1/8", "must not have bits set beyond the prefix length"),
    ],
)
def test_a_network(text: str, complaint: str) -> None:
    expected = [f'at: Invalid value: "{text}": {complaint}'] if complaint else []
    assert said(addresses.network(AT, text)) == expected


def test_a_canonical_network() -> None:
    assert said(addresses.canonical_network(AT, "2001:db8::/64")) == []
    assert said(addresses.canonical_network(AT, "2001:DB8::/64")) == [
        'at: Invalid value: "2001:DB8::/64": must be in canonical form ("2001:db8::/64")'
    ]


def test_an_interface_address() -> None:
    assert said(addresses.interface_address(AT, "192.168.1.5/24")) == []
    assert said(addresses.interface_address(AT, "192.168.1.5")) == [
        'at: Invalid value: "192.168.1.5": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'
    ]
    assert said(addresses.interface_address(AT, "2001:DB8::5/64")) == [
        'at: Invalid value: "2001:DB8::5/64": must be in canonical form ("2001:db8::5/64")'
    ]


def test_addresses_of_a_family() -> None:
    assert said(addresses.ipv4_address(AT, "10.0.0.1")) == said(addresses.ipv6_address(AT, "::1")) == []
    assert said(addresses.ipv4_address(AT, "::1")) == ['at: Invalid value: "::1": must be a valid IPv4 address']
    assert said(addresses.ipv6_address(AT, "10.0.0.1")) == [
        'at: Invalid value: "10.0.0.1": must be a valid IPv6 address'
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("10.0.0.1", ""),
        ("x", "must be a valid IP address"),
        ("0.0.0.0", "may not be unspecified (0.0.0.0)"),
        ("127.0.0.1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("::1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("::ffff:127.0.0.1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("169.254.169.254", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("fe80::1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("224.0.0.1", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        ("ff02::1", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
    ],
)
def test_an_endpoint_is_never_the_machine_that_forwards_to_it(text: str, complaint: str) -> None:
    expected = [f'at: Invalid value: "{text}": {complaint}'] if complaint else []
    assert said(addresses.endpoint_address(AT, text)) == expected


def test_what_is_right_but_not_canonical_is_warned_of() -> None:
    assert addresses.address_warnings(AT, "2001:DB8::1") == [
        'at: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")'
    ]
    assert addresses.network_warnings(AT, "2001:DB8::/64") == [
        'at: IPv6 CIDR value "2001:DB8::/64" should be in RFC 5952 canonical format ("2001:db8::/64")'
    ]
    assert addresses.address_warnings(AT, "10.0.0.1") == addresses.network_warnings(AT, "10.0.0.0/8") == []


@given(st.ip_addresses())
def test_every_address_is_read_as_it_is_written(address: object) -> None:
    text = str(address)
    mapped = getattr(ip_address(text), "ipv4_mapped", None)
    assert addresses.read(text) == (mapped or ip_address(text))


@given(st.ip_addresses(), st.integers(0, 140))
def test_every_network_that_python_reads_is_read(address: object, size: int) -> None:
    try:
        expected = ip_network(f"{address}/{size}", strict=False)
    except ValueError:
        assert addresses.read_network(f"{address}/{size}") is None
        return
    found = addresses.read_network(f"{address}/{size}")
    assert getattr(ip_address(str(address)), "ipv4_mapped", None) or (found is not None and found[1] == expected)


@given(st.text(alphabet="0123456789abcdef:./%", max_size=30))
def test_nothing_is_too_strange_to_be_refused(text: str) -> None:
    for check in (addresses.address, addresses.network, addresses.endpoint_address, addresses.interface_address):
        check(AT, text)
