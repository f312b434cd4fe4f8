"""Networks on the kernel, in a network namespace that nobody else sees: what is made, and which packets pass."""

import errno
import os
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any

import pytest
from msgspec.structs import replace

from tests.descriptors import open_descriptors
from tests.unit.engine.networks.plumbing import DUAL, GATEWAY, GATEWAY6, GROUND, MAC, PROMISES, WEB, wire
from tests.unit.engine.networks.world import World, port, received
from tests.unit.linux.apart import apart, new_netns
from wherry.engine.networks.apply import KernelPlumbing, Plumbing, Wire
from wherry.engine.networks.model import Publication
from wherry.linux.errors import KernelError
from wherry.linux.links import Links
from wherry.linux.netlink import inside
from wherry.linux.nftables import Nftables
from wherry.linux.sysctl import read_net

UDP = Publication("udp", "0.0.0.0", 8080, "172.30.0.2", 80)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
@apart
def test_it_keeps_the_promises_of_plumbing(promise: Callable[[Plumbing, int], None]) -> None:
    plumbing = KernelPlumbing()
    promise(plumbing, new_netns())
    plumbing.close()


@apart
def test_a_namespace_gets_an_address_a_way_out_and_no_ipv6() -> None:
    plumbing, netns = KernelPlumbing(), new_netns()
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    plumbing.lay(netns, "wh0", wire())
    with Links(netns) as links:
        end = links.get("eth0")
        assert end is not None
        assert (end.mac, end.up) == ("02:42:ac:1e:00:02", True)
        assert links.addresses()[end.index] == [IPv4Interface("172.30.0.2/24")]
        assert [route.prefixlen for route, _ in links.routes()] in ([0, 24], [24, 0])
    with inside(netns):
        assert read_net("ipv6/conf/eth0/disable_ipv6") in ("1", None)
        assert read_net("ipv6/conf/eth0/accept_ra") in ("0", None)
    assert read_net("ipv6/conf/wh0/disable_ipv6") in ("1", None)


@apart
def test_with_two_families_a_namespace_has_one_neighbour_and_no_address_but_its_own() -> None:
    plumbing, netns = KernelPlumbing(), new_netns()
    plumbing.ensure_bridge("wh0", MAC, GATEWAY, GATEWAY6)
    plumbing.lay(netns, "wh0", wire(2, DUAL))
    with Links(netns) as links, Links() as own:
        end, bridge, port = links.get("eth0"), own.get("wh0"), own.get("wv2")
        assert end is not None and bridge is not None and port is not None
        assert links.addresses6()[end.index] == [IPv6Interface("fd00:30::2/128")]
        assert links.neighbours(end.index) == {GATEWAY6.ip: MAC}
        assert [link for network, link in links.routes6() if not network.prefixlen] == [end.index]
        assert own.addresses6()[bridge.index] == [GATEWAY6]
        assert own.neighbours(bridge.index) == {IPv6Address("fd00:30::2"): end.mac}
        assert port.index not in own.addresses6()
    with inside(netns):
        assert read_net("ipv6/conf/eth0/accept_ra") == "0"


@apart
def test_the_way_to_elsewhere_goes_from_one_wire_to_another() -> None:
    plumbing, netns = KernelPlumbing(), new_netns()
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    plumbing.ensure_bridge("wh1", MAC, IPv4Interface("172.31.0.1/24"))
    other = Wire("wv1", "eth1", MAC, IPv4Interface("172.31.0.2/24"), IPv4Address("172.31.0.1"), is_way=False)
    plumbing.lay(netns, "wh0", wire())
    plumbing.lay(netns, "wh1", other)

    def ways() -> list[str]:
        with Links(netns) as links:
            by_index = {link.index: link.name for link in links.all()}
            return [by_index[index] for network, index in links.routes() if not network.prefixlen]

    assert ways() == ["eth0"]
    plumbing.lead(netns, other)
    assert ways() == ["eth1"]
    plumbing.remove_link("wv1")
    assert ways() == []
    plumbing.lead(netns, wire())
    assert ways() == ["eth0"]
    with pytest.raises(KernelError, match="find link inside"):
        plumbing.lead(netns, other)


@apart
def test_a_link_that_a_crash_left_gives_way() -> None:
    plumbing = KernelPlumbing()
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    old, new = new_netns(), new_netns()
    plumbing.lay(old, "wh0", wire())
    plumbing.lay(new, "wh0", wire())
    with Links(old) as before, Links(new) as after:
        assert before.get("eth0") is None
        assert after.get("eth0") is not None
    assert plumbing.bridge_ports("wh0") == ["wv2"]


@apart
def test_nothing_is_left_of_a_wire_that_could_not_be_laid() -> None:
    plumbing, netns = KernelPlumbing(), new_netns()
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    with pytest.raises(KernelError):
        plumbing.lay(netns, "wh0", replace(wire(), gateway=IPv4Address("10.0.0.1")))  # no way there
    assert plumbing.bridge_ports("wh0") == []
    plumbing.lay(netns, "wh0", wire())
    with pytest.raises(KernelError) as refusal:
        plumbing.lay(netns, "wh0", wire(3))  # eth0 is there
    assert refusal.value.errno == errno.EEXIST
    assert plumbing.bridge_ports("wh0") == ["wv2"]
    with pytest.raises(KernelError, match="find link absent"):
        plumbing.lay(netns, "absent", wire(4))


@pytest.mark.parametrize(
    "old",
    [
        "add set inet wherry-own ports { type ipv4_addr; }",
        "add chain inet wherry-own older { type filter hook input priority 0; }",
        "add chain inet wherry-own guard { type filter hook input priority 5; policy drop; }",
    ],
)
@apart
def test_rules_of_another_shape_are_replaced(old: str) -> None:
    with Nftables() as nftables:
        plumbing = KernelPlumbing()
        plumbing.set_rules(GROUND, [WEB])
        wanted = shape(nftables)
        nftables.run(f"delete table inet {GROUND.table}\n", step="old rules")
        nftables.run(f"add table inet {GROUND.table}\n{old}\n", step="old rules")
        plumbing.set_rules(GROUND, [WEB])
        assert shape(nftables) == wanted


def shape(nftables: Nftables) -> list[Any]:
    """All of the table but the numbers that the kernel counts on."""
    objects = nftables.list_table("inet", GROUND.table) or []
    return [{key: value for key, value in next(iter(one.values())).items() if key != "handle"} for one in objects]


@apart
def test_a_published_port_is_reached_from_the_machine_itself_and_answers() -> None:
    world = World()
    world.plumbing.publish(GROUND.table, [UDP])
    server = port(world.container, ("0.0.0.0", 80))
    for address in ("127.0.0.1", "172.30.0.1", "10.9.0.1"):
        client = port(None)
        client.sendto(b"hello", (address, 8080))
        data, source = server.recvfrom(100)
        server.sendto(data.upper(), source)
        assert client.recvfrom(100) == (b"HELLO", (address, 8080))


@apart
def test_a_container_sees_who_asks_but_never_a_loopback_address() -> None:
    world = World()
    world.plumbing.publish(GROUND.table, [UDP])
    server = port(world.container, ("0.0.0.0", 80))
    port(None).sendto(b"here", ("127.0.0.1", 8080))
    assert server.recvfrom(100)[1][0] == "172.30.0.1"
    port(world.neighbour).sendto(b"there", ("10.9.0.1", 8080))
    assert server.recvfrom(100)[1][0] == "10.9.0.2"


@apart
def test_a_neighbour_reaches_what_is_published_and_nothing_else_of_a_container() -> None:
    world = World()
    world.plumbing.publish(GROUND.table, [UDP])
    server, client = port(world.container, ("0.0.0.0", 80)), port(world.neighbour)
    for data, address in (
        (b"direct", ("172.30.0.2", 80)),
        (b"not published", ("10.9.0.1", 80)),
        (b"published", ("10.9.0.1", 8080)),
    ):
        client.sendto(data, address)
    assert received(server, b"published") == [b"published"]


@apart
def test_a_port_of_one_address_is_published_on_that_one() -> None:
    world = World()
    world.plumbing.publish(GROUND.table, [replace(UDP, host_address="127.0.0.1")])
    server = port(world.container, ("0.0.0.0", 80))
    port(world.neighbour).sendto(b"there", ("10.9.0.1", 8080))
    port(None).sendto(b"here", ("127.0.0.1", 8080))
    assert received(server, b"here") == [b"here"]


@apart
def test_a_port_that_is_no_longer_published_is_the_machines_again() -> None:
    world = World()
    world.plumbing.publish(GROUND.table, [UDP])
    world.plumbing.unpublish(GROUND.table, [UDP])
    own = port(None, ("0.0.0.0", 8080))
    port(world.neighbour).sendto(b"there", ("10.9.0.1", 8080))
    assert received(own, b"there") == [b"there"]
    port(None).sendto(b"here", ("127.0.0.1", 8080))
    assert received(own, b"here") == [b"here"]


@apart
def test_who_sends_all_the_time_reaches_the_container_that_has_the_port_now() -> None:
    """An agent with a UDP port of the machine is replaced, and its clients do not stop."""
    world = World()
    other, client = new_netns(), port(world.neighbour)
    world.plumbing.lay(other, "wh0", wire(3))
    servers = [port(world.container, ("0.0.0.0", 80)), port(other, ("0.0.0.0", 80))]
    for server, published in zip(servers, (UDP, replace(UDP, address="172.30.0.3")), strict=True):
        client.sendto(b"nobody is there", ("10.9.0.1", 8080))
        world.plumbing.publish(GROUND.table, [published])
        world.plumbing.forget_flows([published])
        client.sendto(b"hello", ("10.9.0.1", 8080))
        assert received(server, b"hello")[-1] == b"hello", "whatever was late"
        world.plumbing.unpublish(GROUND.table, [published])
        world.plumbing.forget_flows([published])


@apart
def test_a_container_goes_out_under_the_machines_name() -> None:
    world = World()
    server = port(world.neighbour, ("0.0.0.0", 7))
    port(world.container).sendto(b"hello", ("10.9.0.2", 7))
    assert server.recvfrom(100)[1][0] == "10.9.0.1"


@apart
def test_without_masquerade_a_container_goes_out_as_itself_and_nobody_comes_in() -> None:
    world = World()
    world.plumbing.set_rules(replace(GROUND, masquerades=False), [UDP])
    server, inside = port(world.neighbour, ("0.0.0.0", 7)), port(world.container, ("0.0.0.0", 80))
    client = port(world.container)
    client.sendto(b"hello", ("10.9.0.2", 7))
    data, source = server.recvfrom(100)
    assert source[0] == "172.30.0.2"
    server.sendto(data.upper(), source)
    assert client.recvfrom(100) == (b"HELLO", ("10.9.0.2", 7))
    port(world.neighbour).sendto(b"direct", ("172.30.0.2", 80))
    port(world.neighbour).sendto(b"published", ("10.9.0.1", 8080))
    assert received(inside, b"published") == [b"published"]


@apart
def test_those_that_are_apart_reach_the_machine_and_not_each_other() -> None:
    world = World()
    server_netns, neighbour, wanderer = new_netns(), new_netns(), new_netns()
    world.plumbing.set_rules(replace(GROUND, is_apart=True), [replace(UDP, address="172.30.0.6")])
    far = replace(wire(3), address=IPv4Interface("172.30.0.3/30"))  # sends by the machine what is for the others
    for netns, laid in ((server_netns, wire(6)), (neighbour, wire(5)), (wanderer, far)):
        world.plumbing.lay(netns, "wh0", replace(laid, is_apart=True))
    server, own = port(server_netns, ("0.0.0.0", 80)), port(None, ("0.0.0.0", 8080))  # there, the relay would listen
    for netns in (neighbour, wanderer):
        client = port(netns)
        client.sendto(b"direct", ("172.30.0.6", 80))
        client.sendto(b"published", ("172.30.0.1", 8080))
        assert received(own, b"published") == [b"published"]
    port(world.neighbour).sendto(b"from outside", ("10.9.0.1", 8080))
    assert received(server, b"from outside") == [b"from outside"]


@apart
def test_a_container_reaches_itself_and_others_by_the_machines_address() -> None:
    world = World()
    other = new_netns()
    world.plumbing.lay(other, "wh0", wire(3))
    world.plumbing.publish(GROUND.table, [UDP])
    server = port(world.container, ("0.0.0.0", 80))
    for netns in (other, world.container):
        client = port(netns)
        client.sendto(b"hello", ("172.30.0.1", 8080))
        data, source = server.recvfrom(100)
        server.sendto(data.upper(), source)
        assert client.recvfrom(100) == (b"HELLO", ("172.30.0.1", 8080))


@apart
def test_links_behind_the_fence_do_not_forward_to_each_other() -> None:
    world = World()
    far = new_netns()
    world.street("road", far, "10.8.0")
    server = port(far, ("0.0.0.0", 7))
    client = port(world.neighbour)
    client.sendto(b"before", ("10.8.0.2", 7))
    assert server.recv(100) == b"before"
    world.plumbing.set_rules(replace(GROUND, fence=("street", "road")), [UDP])
    client.sendto(b"fenced", ("10.8.0.2", 7))
    port(world.container).sendto(b"from a container", ("10.8.0.2", 7))
    assert received(server, b"from a container") == [b"from a container"]
    service = port(world.container, ("0.0.0.0", 80))
    client.sendto(b"to a container", ("10.9.0.1", 8080))
    assert service.recv(100) == b"to a container"


@apart
def test_the_fence_of_ipv6_is_for_ipv6() -> None:
    world = World()
    here, far = new_netns(), new_netns()
    world.street("lane", here, "10.7.0", "fd00:7")
    world.street("road", far, "10.8.0", "fd00:8")
    world.plumbing.set_forwarding(True, 6)
    four, six = port(far, ("0.0.0.0", 7)), port(far, ("::", 7))
    client4, client6 = port(here), port(here, ("::", 0))
    client6.sendto(b"before", ("fd00:8::2", 7))
    assert six.recv(100) == b"before"
    world.plumbing.set_rules(replace(GROUND, net=DUAL, fence6=("lane", "road")), [])
    client6.sendto(b"fenced", ("fd00:8::2", 7))
    client4.sendto(b"not fenced", ("10.8.0.2", 7))
    assert four.recv(100) == b"not fenced"
    port(None, ("::", 0)).sendto(b"from the machine", ("fd00:8::2", 7))
    assert received(six, b"from the machine") == [b"from the machine"]


@apart
def test_connections_work_and_go_on_when_rules_are_set_again() -> None:
    world = World()
    world.plumbing.publish(GROUND.table, [WEB])
    server = port(world.container, ("0.0.0.0", 80), socket.SOCK_STREAM)
    server.listen()
    client = port(world.neighbour, kind=socket.SOCK_STREAM)
    client.connect(("10.9.0.1", 8080))
    served, _ = server.accept()
    served.settimeout(60)
    for data in (b"one", b"two"):
        client.sendall(data)
        assert served.recv(100) == data
        world.plumbing.set_rules(GROUND, [WEB])


@apart
def test_no_descriptor_is_left_open() -> None:
    before = open_descriptors()
    plumbing, netns = KernelPlumbing(), new_netns()
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    plumbing.lay(netns, "wh0", wire())
    plumbing.set_rules(GROUND, [WEB])
    plumbing.close()
    os.close(netns)
    assert open_descriptors() == before
