"""Links, addresses and routes of a network namespace that nobody else sees."""

import errno
import fcntl
import socket
import struct
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network

import pytest

from tests.unit.linux.apart import apart, new_netns
from wherry.linux.errors import KernelError
from wherry.linux.links import Link, Links, VethEnd
from wherry.linux.netlink import NETLINK_ROUTE, NetlinkSocket, inside, parse_attributes

MAC, FAR_MAC = "02:42:ac:11:00:01", "02:42:ac:11:00:02"
ADDRESS = IPv4Interface("172.17.0.1/16")
_SIOCGIFMTU = 0x8921


def index(links: Links, name: str) -> int:
    link = links.get(name)
    assert link is not None
    return link.index


def socket_mtu(name: str) -> int:
    """As netdevice(7) has it, of a link in the namespace of this thread."""
    request = struct.pack("16si", name.encode(), 0)
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        answer = fcntl.ioctl(sock, _SIOCGIFMTU, request)
    return int(struct.unpack("16si", answer)[1])


def test_the_loopback_link_is_found_and_an_absent_one_is_none() -> None:
    with Links() as links:
        loopback = links.get("lo")
        assert loopback is not None
        assert (loopback.index, loopback.name, loopback.kind, loopback.master) == (1, "lo", "", 0)
        assert loopback in links.all()
        assert links.get("absent0") is None


@pytest.mark.parametrize("name", ["x" * 16, "x" * 300])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with Links() as links, pytest.raises(KernelError, match="look up link"):
        links.get(name)


@apart
def test_a_bridge_has_the_address_it_was_given_also_the_second_time() -> None:
    with Links() as links:
        for _ in range(2):
            links.add_bridge("br0", MAC)
        bridge = links.get("br0")
        assert bridge == Link(index(links, "br0"), "br0", "bridge", 0, MAC, False)
        links.set_up(bridge.index, "br0")
        assert index(links, "br0") == bridge.index
        up = links.get("br0")
        assert up is not None
        assert up.up


@apart
def test_an_isolated_port_is_one_to_the_kernel() -> None:
    with Links() as links:
        links.add_bridge("br0", MAC)
        for name in ("veth1", "veth2"):
            links.add_veth(name, index(links, "br0"), VethEnd(new_netns(), "eth0", FAR_MAC))
        links.set_isolated(index(links, "veth1"))
        assert [isolation(links, name) for name in ("veth1", "veth2")] == [1, 0]


def isolation(links: Links, name: str) -> int:
    """IFLA_BRPORT_ISOLATED (33) of its IFLA_INFO_SLAVE_DATA (5), include/uapi/linux/if_link.h."""
    payload = struct.pack("=BxHiII", 0, 0, index(links, name), 0, 0)
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        answer = netlink.get(18, payload, step="look up link", name=name)[0].payload
    attributes = parse_attributes(answer[len(payload) :])
    return parse_attributes(parse_attributes(attributes[18])[5])[33][0]


@apart
def test_a_route_of_ipv6_by_a_gateway_that_is_said_to_be_there() -> None:
    far = new_netns()
    with Links() as links, Links(far) as inside:
        links.add_bridge("br0", MAC)
        links.add_veth("veth1", index(links, "br0"), VethEnd(far, "eth0", FAR_MAC))
        end = index(inside, "eth0")
        inside.add_address(end, IPv6Interface("fd00:1::2/128"))
        inside.set_up(end)
        for _ in range(2):
            inside.add_route6(IPv6Network("fd00:1::/64"), IPv6Address("fd00:1::1"), end)
        assert [link for network, link in inside.routes6() if network == IPv6Network("fd00:1::/64")] == [end]


@apart
def test_both_ends_of_a_pair_have_the_mtu_that_is_asked_for() -> None:
    far = new_netns()
    with Links() as links, inside(far):
        links.add_bridge("br0", MAC)
        links.add_veth("veth1", index(links, "br0"), VethEnd(far, "eth0", FAR_MAC, 1400))
        assert socket_mtu("eth0") == 1400
    assert socket_mtu("veth1") == 1400


@apart
def test_a_pair_is_a_port_of_its_bridge_here_and_has_its_last_name_there() -> None:
    far = new_netns()
    with Links() as links, Links(far) as inside:
        links.add_bridge("br0", MAC)
        links.add_veth("veth1", index(links, "br0"), VethEnd(far, "eth0", FAR_MAC))
        near, end = links.get("veth1"), inside.get("eth0")
        assert near is not None
        assert end is not None
        assert (near.kind, near.master, near.up) == ("veth", index(links, "br0"), False)
        assert (end.kind, end.mac, end.up, end.master) == ("veth", FAR_MAC, False, 0)
        assert links.get("eth0") is None
        assert [link.name for link in inside.all()] == ["lo", "eth0"]


@apart
def test_a_pair_whose_name_is_taken_is_refused_on_either_side() -> None:
    far = new_netns()
    with Links() as links:
        links.add_bridge("br0", MAC)
        bridge = index(links, "br0")
        links.add_veth("veth1", bridge, VethEnd(far, "eth0", FAR_MAC))
        for near, end in (("veth1", "eth1"), ("veth2", "eth0")):
            with pytest.raises(KernelError) as refusal:
                links.add_veth(near, bridge, VethEnd(far, end, FAR_MAC))
            assert refusal.value.errno == errno.EEXIST
        assert links.get("veth2") is None


@apart
def test_a_link_is_deleted_with_its_other_end_and_as_often_as_one_likes() -> None:
    far = new_netns()
    with Links() as links, Links(far) as inside:
        links.add_bridge("br0", MAC)
        links.add_veth("veth1", index(links, "br0"), VethEnd(far, "eth0", FAR_MAC))
        for _ in range(2):
            links.delete("veth1")
        assert inside.get("eth0") is None
        with pytest.raises(KernelError):
            links.delete("lo")


@apart
def test_a_port_may_send_back_what_came_from_it() -> None:
    far = new_netns()
    with Links() as links:
        links.add_bridge("br0", MAC)
        links.add_veth("veth1", index(links, "br0"), VethEnd(far, "eth0", FAR_MAC))
        assert hairpin_modes() == [0]
        links.set_hairpin(index(links, "veth1"))
        assert hairpin_modes() == [1]


def hairpin_modes() -> list[int]:
    """IFLA_BRPORT_MODE (4) in IFLA_PROTINFO (12) of all ports of bridges, as the kernel tells it."""
    info = struct.Struct("=BxHiII")
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        messages = netlink.dump(18, info.pack(socket.AF_BRIDGE, 0, 0, 0, 0), step="list ports")
    ports = [parse_attributes(parse_attributes(message.payload[info.size :]).get(12, b"")) for message in messages]
    return [port[4][0] for port in ports if 4 in port]


@apart
def test_addresses_are_added_and_removed_as_often_as_one_likes() -> None:
    with Links() as links:
        links.add_bridge("br0", MAC)
        bridge = index(links, "br0")
        other = IPv4Interface("10.0.0.1/32")
        for address in (ADDRESS, ADDRESS, other):
            links.add_address(bridge, address)
        assert set(links.addresses()[bridge]) == {ADDRESS, other}
        for _ in range(2):
            links.remove_address(bridge, ADDRESS)
        assert links.addresses()[bridge] == [other]
        with pytest.raises(KernelError, match=r"add address .*172\.17\.0\.1/16"):
            links.add_address(9999, ADDRESS)


@apart
def test_a_link_that_is_up_and_has_an_address_has_a_route() -> None:
    with Links() as links:
        links.add_bridge("br0", MAC)
        bridge = index(links, "br0")
        links.add_address(bridge, ADDRESS)
        links.set_up(bridge)
        assert links.routes() == [(IPv4Network("172.17.0.0/16"), bridge)]


@apart
def test_the_default_route_is_there_once_and_needs_a_way_to_the_gateway() -> None:
    with Links() as links:
        with pytest.raises(KernelError, match=r"add default route .*172\.17\.0\.2"):
            links.add_default_route(IPv4Address("172.17.0.2"))
        links.add_bridge("br0", MAC)
        bridge = index(links, "br0")
        links.add_address(bridge, ADDRESS)
        links.set_up(bridge)
        for gateway in ("172.17.0.2", "172.17.0.2", "172.17.0.3"):
            links.add_default_route(IPv4Address(gateway))
        defaults = [route for route in links.routes() if not route[0].prefixlen]
        assert defaults == [(IPv4Network("0.0.0.0/0"), bridge)]


@pytest.mark.parametrize("name", ["eth0", "a.b-c_d@e", "ü"])
@apart
def test_any_name_that_the_kernel_takes_comes_back(name: str) -> None:
    with Links() as links:
        links.add_bridge(name, MAC)
        assert {link.name for link in links.all()} == {"lo", name}


@apart
def test_ipv6_has_addresses_and_routes_of_its_own() -> None:
    address, other = IPv6Interface("fd00:17::1/64"), IPv6Interface("fd00:18::1/128")
    with Links() as links:
        links.add_bridge("br0", MAC)
        bridge = index(links, "br0")
        for each in (address, address, other):
            links.add_address(bridge, each)
        assert {address, other} <= set(links.addresses6()[bridge])
        assert links.addresses() == {}
        links.set_up(bridge)
        destinations = {network for network, link in links.routes6() if link == bridge}
        assert IPv6Network("fd00:17::/64") in destinations
        assert links.routes() == []
        for _ in range(2):
            links.remove_address(bridge, address)
        assert address not in links.addresses6()[bridge]


@apart
def test_a_gateway_on_a_link_needs_no_other_way_and_its_place_is_known_for_good() -> None:
    gateway = IPv6Address("fd00:17::1")
    with Links() as links:
        links.add_bridge("br0", MAC)
        bridge = index(links, "br0")
        links.add_address(bridge, IPv6Interface("fd00:99::2/128"))
        links.set_up(bridge)
        for _ in range(2):
            links.add_default_route(gateway, bridge)
            links.add_neighbour(bridge, gateway, FAR_MAC)
        assert [link for network, link in links.routes6() if not network.prefixlen] == [bridge]
        assert links.neighbours(bridge) == {gateway: FAR_MAC}
        for _ in range(2):
            links.remove_neighbour(bridge, gateway)
        assert links.neighbours(bridge) == {}
