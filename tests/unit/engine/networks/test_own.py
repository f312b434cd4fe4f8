"""Networks that users make, on an imagined kernel."""

from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address

import pytest

from tests.unit.engine.networks.test_networks import Machine
from wherry.engine.networks import Networks
from wherry.engine.networks.asked import Asked, Pool
from wherry.engine.networks.model import Attached, PortBinding
from wherry.engine.networks.own import Joining
from wherry.engine.networks.rows import Rows
from wherry.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from wherry.linux.errors import KernelError

SMALL = [Pool("10.9.0.0/29")]


class Quiet(Machine):
    """Takes note of every event."""

    def publish(self, kind: str, action: str, actor: str, attributes: object = None) -> None:
        self.events.append((action, actor))


@pytest.fixture
def machine() -> Machine:
    return Quiet()


@pytest.fixture
async def networks(machine: Machine) -> AsyncIterator[Networks]:
    networks = machine.networks()
    await networks.start()
    yield networks
    await networks.stop()


async def joined(networks: Networks, name: str, container: str, **fields: object) -> Attached:
    with open("/dev/null") as file:
        who = Joining(container, container, **fields)  # type: ignore[arg-type]
        return await networks.join(file.fileno(), networks.get(name), who)


async def test_a_network_is_a_bridge_and_rules_of_its_own(machine: Machine, networks: Networks) -> None:
    made = networks.create(Asked("front", labels={"a": "b"}))
    other = networks.create(Asked("back", is_internal=True))
    assert machine.plumbing.bridges["wv1234567g0"] == IPv4Interface("172.19.0.1/16")
    assert machine.plumbing.tables["wherry-12345678-g0"].is_internal is False
    assert machine.plumbing.tables["wherry-12345678-g1"].is_internal is True
    assert [network.name for network in networks.list()] == ["bridge", "host", "none", "front", "back"]
    assert networks.get("front") == networks.get(made.id) == made
    assert networks.list({"label": ["a=b"]}) == [made]
    assert networks.list({"label!": ["a"], "type": ["custom"]}) == [other]
    assert networks.inspect("back")["Internal"] is True
    networks.remove("front")
    assert "wv1234567g0" not in machine.plumbing.bridges
    assert "wherry-12345678-g0" not in machine.plumbing.tables
    with pytest.raises(NotFound):
        networks.get("front")
    assert networks.create(Asked("again")).own == made.own, "its slot is free, too"


async def test_a_name_is_there_once(networks: Networks) -> None:
    networks.create(Asked("front"))
    with pytest.raises(Conflict, match="network with name front already exists"):
        networks.create(Asked("front"))


async def test_ranges_do_not_overlap(networks: Networks) -> None:
    networks.create(Asked("front", pools=SMALL))
    with pytest.raises(Forbidden, match="Pool overlaps"):
        networks.create(Asked("back", pools=[Pool("10.9.0.0/24")]))


async def test_what_cannot_be_laid_is_not_remembered(machine: Machine, networks: Networks) -> None:
    machine.plumbing.refuse = {"ensure_bridge"}
    with pytest.raises(KernelError):
        networks.create(Asked("front"))
    assert [network.name for network in networks.list()] == ["bridge", "host", "none"]
    assert "wherry-12345678-g0" not in machine.plumbing.tables


async def test_who_joins_gets_an_address(machine: Machine, networks: Networks) -> None:
    networks.create(Asked("front", pools=SMALL))
    first = await joined(networks, "front", "c1")
    second = await joined(networks, "front", "c2", address=IPv4Address("10.9.0.6"), mac="02:00:00:00:00:01")
    assert (first.endpoint.address, second.endpoint.address) == ("10.9.0.2", "10.9.0.6")
    assert second.endpoint.mac == "02:00:00:00:00:01"
    assert machine.plumbing.wires["wv1234567g02"].gateway == IPv4Address("10.9.0.1")
    assert networks.places("c1") == [first]
    with pytest.raises(Conflict, match="already attached"):
        await joined(networks, "front", "c1")
    with pytest.raises(Forbidden, match="Address already in use"):
        await joined(networks, "front", "c3", address=IPv4Address("10.9.0.2"))
    for address in ("10.9.0.7", "10.9.0.0", "10.8.0.1"):
        with pytest.raises(Invalid, match="no configured subnet contains"):
            await joined(networks, "front", "c3", address=IPv4Address(address))
    for container in ("c4", "c5", "c6"):
        await joined(networks, "front", container)
    with pytest.raises(Unavailable, match="no available IPv4 addresses"):
        await joined(networks, "front", "c7")


async def test_addresses_come_from_the_range_but_for_the_reserved(networks: Networks) -> None:
    pool = Pool("10.9.0.0/24", "10.9.0.64/29", reserved={"printer": "10.9.0.65"})
    networks.create(Asked("front", pools=[pool]))
    assert (await joined(networks, "front", "c1")).endpoint.address == "10.9.0.66"
    shown = networks.inspect("front")["IPAM"]["Config"][0]
    assert (shown["IPRange"], shown["AuxiliaryAddresses"]) == ("10.9.0.64/29", {"printer": "10.9.0.65"})


async def test_the_largest_packet_may_be_chosen(machine: Machine, networks: Networks) -> None:
    networks.create(Asked("front", options={"com.docker.network.driver.mtu": "1400"}))
    await joined(networks, "front", "c1")
    assert [wire.mtu for wire in machine.plumbing.wires.values()] == [1400]


async def test_options_are_kept(machine: Machine, networks: Networks) -> None:
    bridge = "com.docker.network.bridge."
    options = {f"{bridge}enable_icc": "false", f"{bridge}enable_ip_masquerade": "false", f"{bridge}name": "br-shop"}
    networks.create(Asked("front", options=options | {f"{bridge}host_binding_ipv4": "127.0.0.1"}))
    ground = machine.plumbing.tables["wherry-12345678-g0"]
    assert (ground.bridge, ground.is_apart, ground.masquerades) == ("br-shop", True, False)
    assert "br-shop" in machine.plumbing.bridges
    member = await joined(networks, "front", "c1")
    assert [wire.is_apart for wire in machine.plumbing.wires.values()] == [True]
    networks.publish(member, [PortBinding(80, host_port=8080), PortBinding(80, host_port=8081, host_address="0.0.0.0")])
    assert {(one.host_port, one.host_address) for one in machine.held} == {(8080, "127.0.0.1"), (8081, "0.0.0.0")}
    with pytest.raises(Forbidden, match="cannot create network back: there is a link br-shop already"):
        networks.create(Asked("back", options={f"{bridge}name": "br-shop"}))
    await networks.disconnect("c1")
    networks.remove("front")
    assert "br-shop" not in machine.plumbing.bridges


async def test_a_removal_that_failed_can_be_repeated(machine: Machine, networks: Networks) -> None:
    networks.create(Asked("front", options={"com.docker.network.bridge.name": "br-shop"}))
    machine.plumbing.refuse = {"remove_link"}
    with pytest.raises(KernelError):
        networks.remove("front")
    machine.plumbing.refuse = set()
    networks.remove("front")
    assert "br-shop" not in machine.plumbing.bridges
    assert all(network.name != "front" for network in Rows(machine.database).networks())


async def test_an_internal_network_is_no_way_to_elsewhere(machine: Machine, networks: Networks) -> None:
    networks.create(Asked("back", is_internal=True))
    await joined(networks, "back", "c1")
    networks.create(Asked("front"))
    await joined(networks, "front", "c1", interface="eth1", is_way=False)
    assert [wire.is_way for wire in machine.plumbing.wires.values()] == [False, False]


async def test_a_network_may_have_ipv6_beside(machine: Machine, networks: Networks) -> None:
    machine.plumbing.forwarding6 = False
    networks.create(Asked("front", pools=[Pool("10.9.0.0/24"), Pool("fd00:9::/64")], has_ipv6=True))
    assert machine.plumbing.forwarding6
    assert machine.plumbing.tables["wherry-12345678"].fence6 == ("eth0",)
    assert str(machine.plumbing.bridges6["wv1234567g0"]) == "fd00:9::1/64"
    first = (await joined(networks, "front", "c1")).endpoint
    assert (first.address, first.address6, first.gateway6) == ("10.9.0.2", "fd00:9::2", "fd00:9::1")
    wanted = {"address": IPv4Address("10.9.0.10"), "address6": IPv6Address("fd00:9::10")}
    second = await joined(networks, "front", "c2", **wanted)
    assert (second.endpoint.address, second.endpoint.address6) == ("10.9.0.10", "fd00:9::10")
    third = await joined(networks, "front", "c3", address=IPv4Address("10.9.0.16"))
    assert third.endpoint.address6 == "fd00:9::11", "the one that belongs to it is in use"
    assert len(machine.plumbing.neighbours) == 3
    with pytest.raises(Forbidden, match="Address already in use"):
        await joined(networks, "front", "c4", address6=IPv6Address("fd00:9::10"))
    with pytest.raises(Invalid, match="no configured subnet contains"):
        await joined(networks, "front", "c4", address6=IPv6Address("fd00:8::10"))
    names = networks.own._names("c1", [])
    assert names.addresses("c2") == list(wanted.values())
    assert names.name(IPv6Address("fd00:9::10")) == "c2.front"


async def test_who_has_which_address_of_ipv6_is_known_after_a_restart(machine: Machine) -> None:
    before = machine.networks()
    await before.start()
    before.create(Asked("front", pools=[Pool("10.9.0.0/24"), Pool("fd00:9::/64")], has_ipv6=True))
    await joined(before, "front", "c1", address6=IPv6Address("fd00:9::10"), mac="02:00:00:00:00:01")
    await before.stop()
    machine.plumbing.forwarding6 = False  # the machine has been started anew, say
    after = machine.networks()
    await after.start()
    assert machine.plumbing.forwarding6
    assert machine.plumbing.neighbours == {IPv6Address("fd00:9::10")}
    with pytest.raises(Forbidden, match="Address already in use"):
        await joined(after, "front", "c4", address6=IPv6Address("fd00:9::10"))
    await after.stop()


async def test_without_ipv6_in_the_kernel_no_network_has_any(machine: Machine, networks: Networks) -> None:
    machine.plumbing.ipv6 = False
    with pytest.raises(Unavailable, match="this kernel has no IPv6"):
        networks.create(Asked("front", has_ipv6=True))
    assert [network.name for network in networks.list()] == ["bridge", "host", "none"]


async def test_the_way_and_the_ports_go_to_another_network_together(machine: Machine, networks: Networks) -> None:
    for name in ("back", "front"):
        networks.create(Asked(name))
    back = await joined(networks, "back", "c1")
    front = await joined(networks, "front", "c1", interface="eth1", is_way=False)
    networks.publish(back, [PortBinding(80, host_port=8080)])
    for _ in range(2):
        await networks.lead(-1, networks.get("front"), "c1", [PortBinding(81, host_port=8081)])
    assert [wire.interface for wire in machine.plumbing.wires.values() if wire.is_way] == ["eth1"]
    assert machine.plumbing.published["wherry-12345678-g0"] == set()
    for published in (machine.plumbing.published["wherry-12345678-g1"], machine.held):
        assert {(one.host_port, one.address) for one in published} == {(8080, front.endpoint.address)}
    assert [len(one.publications) for one in networks.places("c1")] == [0, 2]
    rows = Rows(machine.database).members()
    assert {one.endpoint.network_name: len(one.publications) for one in rows} == {"back": 0, "front": 2}


async def test_ports_that_are_taken_leave_the_way_as_it_was(machine: Machine, networks: Networks) -> None:
    networks.create(Asked("back", is_internal=True))
    networks.create(Asked("front"))
    networks.publish(await joined(networks, "front", "c2"), [PortBinding(80, host_port=8080)])
    await joined(networks, "back", "c1")
    await joined(networks, "front", "c1", interface="eth1", is_way=False)
    with pytest.raises(Conflict, match="port is already allocated"):
        await networks.lead(-1, networks.get("front"), "c1", [PortBinding(80, host_port=8080)])
    assert [wire.interface for wire in machine.plumbing.wires.values() if wire.is_way] == ["eth0"]
    assert len(machine.held) == 2


async def test_ports_are_published_by_the_network_s_own_rules(machine: Machine, networks: Networks) -> None:
    networks.create(Asked("front"))
    member = await joined(networks, "front", "c1")
    networks.publish(member, [PortBinding(80, host_port=8080)])
    assert {one.host_port for one in machine.plumbing.published["wherry-12345678-g0"]} == {8080}
    assert machine.published == set()
    with pytest.raises(Conflict, match="port is already allocated"):
        networks.publish(await joined(networks, "front", "c2"), [PortBinding(80, host_port=8080)])
    await networks.disconnect("c1")
    assert machine.plumbing.published["wherry-12345678-g0"] == set() == machine.held


async def test_a_network_with_somebody_on_it_stays(networks: Networks) -> None:
    networks.create(Asked("front"))
    networks.create(Asked("back"))
    await joined(networks, "front", "c1")
    with pytest.raises(Forbidden, match=r'network front has active endpoints \(name:"c1" id:"c1"\)'):
        networks.remove("front")
    assert networks.prune({}) == ["back"]
    await networks.disconnect("c1")
    assert networks.prune({"label": ["x"]}) == []
    assert networks.prune({}) == ["front"]


async def test_all_is_there_again_after_a_restart(machine: Machine) -> None:
    before = machine.networks()
    await before.start()
    made = before.create(Asked("front", pools=SMALL, options={"my": "own"}))
    member = await joined(before, "front", "c1", aliases=("db",))
    before.publish(member, [PortBinding(80, host_port=8080)])
    await joined(before, "front", "c2")
    await before.stop()
    machine.held.clear()
    machine.plumbing.tables.clear()
    after = machine.networks()
    await after.start()
    after.recover({"c1"})
    assert after.get("front") == made
    assert [one.aliases for one in after.places("c1")] == [("db",)]
    assert after.places("c2") == []
    assert {one.host_port for one in machine.held} == {8080}
    assert "wv1234567g02" in machine.plumbing.wires
    assert {one.host_port for one in machine.plumbing.published["wherry-12345678-g0"]} == {8080}
    assert (await joined(after, "front", "c3")).endpoint.address not in ("10.9.0.1", "10.9.0.2")
    await after.stop()


async def test_what_a_removal_that_was_cut_short_has_left_goes_with_the_next_start(machine: Machine) -> None:
    before = machine.networks()
    await before.start()
    gone, _ = before.create(Asked("front")), before.create(Asked("back"))
    await before.stop()
    Rows(machine.database).delete_network(gone.id)
    after = machine.networks()
    await after.start()
    assert set(machine.plumbing.bridges) == {"wh12345678", "wv1234567g1"}
    assert set(machine.plumbing.tables) == {"wherry-12345678", "wherry-12345678-g1"}
    await after.stop()


async def test_down_takes_all_from_the_kernel_and_up_brings_it_back(machine: Machine) -> None:
    networks = machine.networks()
    await networks.start()
    networks.create(Asked("front", pools=SMALL))
    await networks.stop(destroy=True)
    assert (machine.plumbing.bridges, machine.plumbing.tables, machine.plumbing.forwarding) == ({}, {}, False)
    await networks.start()
    assert machine.plumbing.bridges["wv1234567g0"].network == IPv4Network("10.9.0.0/29")
    await networks.stop(destroy=True)


async def test_neighbours_are_known_by_name_alias_and_address(networks: Networks) -> None:
    for name in ("front", "back"):
        networks.create(Asked(name))
    web = await joined(networks, "front", "web", aliases=("www",))
    database = await joined(networks, "back", "db", aliases=("www",))
    both = await joined(networks, "front", "both")
    await joined(networks, "back", "both", interface="eth1")
    names = networks.own._names("web", ["10.0.0.53"])
    assert names.addresses("both") == [IPv4Address(both.endpoint.address)]
    assert names.addresses("web.front") == names.addresses("www") == [IPv4Address(web.endpoint.address)]
    assert names.addresses("db") is None
    assert names.name(IPv4Address(both.endpoint.address)) == "both.front"
    assert names.name(IPv4Address(database.endpoint.address)) is None
    assert names.servers == ["10.0.0.53"]
    assert len(networks.own._names("both", []).addresses("www") or ()) == 2
    networks.rename("web", "/shop")
    assert names.addresses("web") is None
    assert names.addresses("shop")


async def test_a_link_is_a_name_that_one_container_has_for_another(networks: Networks) -> None:
    networks.create(Asked("front"))
    database = await joined(networks, "front", "shop-db-1")
    await joined(networks, "front", "web", links=("shop-db-1:Database", "gone:other"))
    await joined(networks, "front", "box")
    names = networks.own._names("web", [])
    assert names.addresses("database") == [IPv4Address(database.endpoint.address)]
    assert names.addresses("other") is None
    assert networks.own._names("box", []).addresses("database") is None


async def test_who_is_on_internal_networks_alone_asks_nobody_else(networks: Networks) -> None:
    networks.create(Asked("back", is_internal=True))
    networks.create(Asked("front"))
    await joined(networks, "back", "c1")
    assert networks.own._names("c1", ["10.0.0.53"]).servers == ()
    await joined(networks, "front", "c1", interface="eth1")
    assert networks.own._names("c1", ["10.0.0.53"]).servers == ["10.0.0.53"]


async def test_names_are_served_once_and_end_with_the_container(machine: Machine, networks: Networks) -> None:
    networks.create(Asked("front"))
    await joined(networks, "front", "c1")
    for _ in range(2):
        await networks.own.serve_names(-1, "c1", [])
    assert len(machine.plumbing.listening) == 1
    await networks.disconnect("c1")
    await joined(networks, "front", "c1")
    await networks.own.serve_names(-1, "c1", [])
    assert len(machine.plumbing.listening) == 2
