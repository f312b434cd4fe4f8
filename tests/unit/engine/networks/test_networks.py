"""The service on an imagined kernel: what is remembered, and what a failure or a restart leaves."""

import errno
from collections.abc import AsyncIterator, Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Network
from pathlib import Path

import pytest

from tests.descriptors import open_descriptors
from wherry.engine.database import Database
from wherry.engine.instance import Instance
from wherry.engine.networks import Networks, Ranges
from wherry.engine.networks.fake import FakePlumbing
from wherry.engine.networks.model import Addressing, Endpoint, PortBinding, Publication
from wherry.engine.networks.networks import Surroundings
from wherry.engine.networks.ports import Held
from wherry.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from wherry.linux.errors import KernelError

INSTANCE = Instance(Path("/x"), Path("/x/run"), "12345678")
WEB = PortBinding(80, host_port=8080)
DEFAULT = Ranges()


class Machine:
    """A kernel, the sockets that are held, and a database: what outlives a node (the sockets do not)."""

    def __init__(self) -> None:
        self.plumbing = FakePlumbing()
        self.database = Database(":memory:")
        self.held: set[Publication] = set()
        self.events: list[tuple[str, str]] = []
        self.ids = iter(range(1, 1000))

    def publish(self, kind: str, action: str, actor: str, attributes: Mapping[str, str] | None = None) -> None:
        self.events.append((action, (attributes or {})["container"]))

    def hold(self, publication: Publication) -> Held:
        if any(
            other.host_port == publication.host_port and other.is_ipv6 == publication.is_ipv6 for other in self.held
        ):
            raise OSError(errno.EADDRINUSE, "taken")
        self.held.add(publication)
        machine = self

        class Hold:
            def close(self) -> None:
                machine.held.remove(publication)

        return Hold()

    def networks(self, settings: Ranges = DEFAULT) -> Networks:
        around = Surroundings(lambda: self.plumbing, self.hold, lambda: 7, lambda: f"{next(self.ids):064x}")
        return Networks(INSTANCE, self.database, self, settings, around)

    @property
    def published(self) -> set[Publication]:
        return self.plumbing.published[INSTANCE.nft_table]


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
async def networks(machine: Machine) -> AsyncIterator[Networks]:
    networks = machine.networks()
    await networks.start()
    yield networks
    await networks.stop()


async def wire(networks: Networks) -> Endpoint:
    with open("/dev/null") as file:
        return await networks.wire(file.fileno())


async def test_start_makes_bridge_rules_and_forwarding(machine: Machine, networks: Networks) -> None:
    plumbing = machine.plumbing
    assert plumbing.bridges == {"wh12345678": IPv4Interface("172.18.0.1/16")}
    assert plumbing.tables["wherry-12345678"].fence == ("eth0",)
    assert plumbing.forwarding


async def test_a_machine_that_forwards_already_gets_no_fence(machine: Machine) -> None:
    machine.plumbing.forwarding = True
    networks = machine.networks()
    await networks.start()
    assert machine.plumbing.tables["wherry-12345678"].fence == ()
    await networks.stop(destroy=True)
    assert machine.plumbing.forwarding


async def test_the_three_networks_keep_their_ids(machine: Machine, networks: Networks) -> None:
    ids = {network.name: network.id for network in networks.list()}
    assert list(ids) == ["bridge", "host", "none"]
    again = machine.networks()
    await again.start()
    assert {network.name: network.id for network in again.list()} == ids
    await again.stop()


async def test_a_network_is_found_by_name_id_and_beginning(networks: Networks) -> None:
    bridge = networks.get("bridge")
    assert networks.get(bridge.id) is bridge
    with pytest.raises(NotFound, match="network nope not found"):
        networks.get("nope")
    with pytest.raises(Invalid, match="ambiguous"):
        networks.get("0000")


async def test_predefined_networks_stay(networks: Networks) -> None:
    with pytest.raises(Forbidden, match="host is a pre-defined network and cannot be removed"):
        networks.remove("host")


async def test_connecting_publishes_holds_and_remembers(machine: Machine, networks: Networks) -> None:
    endpoint = await wire(networks)
    assert (endpoint.address, endpoint.gateway, endpoint.mac) == ("172.18.0.2", "172.18.0.1", "02:42:ac:12:00:02")
    bindings = await networks.connect(endpoint, "c1", "/web", [WEB])
    assert [(one.host_address, one.host_port) for one in bindings] == [("0.0.0.0", 8080), ("::", 8080)]
    assert machine.published == machine.held == set(networks.publications("c1"))
    assert networks.endpoint("c1") == endpoint
    assert machine.events == [("connect", "c1")]
    containers = networks.inspect("bridge")["Containers"]
    assert containers["c1"]["Name"] == "web" and containers["c1"]["IPv4Address"] == "172.18.0.2/16"


async def test_disconnecting_undoes_it_and_may_be_repeated(machine: Machine, networks: Networks) -> None:
    await networks.connect(await wire(networks), "c1", "web", [WEB])
    await networks.disconnect("c1")
    await networks.disconnect("c1")
    assert not machine.published and not machine.held and networks.endpoint("c1") is None
    assert machine.events == [("connect", "c1"), ("disconnect", "c1")]


async def test_a_taken_port_leaves_the_endpoint_as_it_was(machine: Machine, networks: Networks) -> None:
    await networks.connect(await wire(networks), "c1", "web", [WEB])
    second = await wire(networks)
    message = (
        f"driver failed programming external connectivity on endpoint other ({second.endpoint_id}): "
        "Bind for 0.0.0.0:8080 failed: port is already allocated"
    )
    with pytest.raises(Conflict) as raised:
        await networks.connect(second, "c2", "/other", [PortBinding(81, host_port=8081), WEB])
    assert raised.value.message == message
    assert {one.host_port for one in machine.held} == {8080}
    await networks.connect(second, "c2", "/other", [])


async def test_a_refusing_kernel_leaves_nothing_published(machine: Machine, networks: Networks) -> None:
    endpoint = await wire(networks)
    machine.plumbing.refuse = {"publish"}
    with pytest.raises(KernelError):
        await networks.connect(endpoint, "c1", "web", [WEB])
    assert not machine.held and networks.endpoint("c1") is None
    again = machine.networks()
    await again.start()
    assert again.endpoint("c1") is None
    await again.stop()


async def test_a_failed_wire_gives_its_address_back(machine: Machine, networks: Networks) -> None:
    machine.plumbing.refuse = {"lay"}
    before = open_descriptors()
    for _ in range(3):
        with pytest.raises(KernelError):
            await wire(networks)
    assert open_descriptors() == before
    machine.plumbing.refuse = set()
    assert (await wire(networks)).address == "172.18.0.5"


async def test_a_full_range_is_told(machine: Machine) -> None:
    networks = machine.networks(Ranges(IPv4Network("10.0.0.0/30")))
    await networks.start()
    await wire(networks)
    with pytest.raises(Unavailable, match="no available IPv4 addresses"):
        await wire(networks)
    await networks.stop()


async def test_with_two_families_whoever_is_wired_has_both_and_keeps_them_over_a_restart(machine: Machine) -> None:
    dual = Ranges(IPv4Network("10.0.0.0/24"), is_dual=True, six=IPv6Network("fd00:1::/64"))
    networks = machine.networks(dual)
    await networks.start()
    found = await networks.connect(await wire(networks), "c1", "web", [])
    assert found == []
    endpoint = networks.endpoint("c1")
    assert endpoint is not None
    assert (endpoint.address, endpoint.address6, endpoint.gateway6) == ("10.0.0.2", "fd00:1::2", "fd00:1::1")
    assert machine.plumbing.forwarding6

    again = machine.networks()  # of one family: not while somebody has both
    await again.start()
    assert again.endpoint("c1") == endpoint
    await again.disconnect("c1")
    await again.stop()
    last = machine.networks()
    await last.start()
    assert last.get("bridge").addressing == Addressing(IPv4Network("10.0.0.0/24"), IPv4Address("10.0.0.1"))
    await last.stop(destroy=True)
    assert not machine.plumbing.forwarding6


async def test_without_ipv6_in_the_kernel_two_families_are_refused(machine: Machine) -> None:
    machine.plumbing.ipv6 = False
    with pytest.raises(Unavailable, match="this kernel has no IPv6"):
        await machine.networks(Ranges(is_dual=True)).start()
    assert not machine.plumbing.bridges
    networks = machine.networks()
    await networks.start()
    await networks.stop()


async def test_a_restart_goes_on_with_what_was_and_removes_what_nobody_owns(machine: Machine) -> None:
    networks = machine.networks()
    await networks.start()
    await networks.connect(await wire(networks), "c1", "web", [WEB])
    await wire(networks)  # of a warm sandbox that ends with its node
    published = set(machine.published)
    machine.held.clear()  # the node is gone

    again = machine.networks()
    await again.start()
    assert machine.published == machine.held == published
    assert list(machine.plumbing.wires) == ["wv12345672"]
    assert (await wire(again)).address == "172.18.0.3"
    again.recover({"c1"})
    assert again.endpoint("c1") is not None
    again.recover(set())
    assert again.endpoint("c1") is None and not machine.published
    await again.stop()


async def test_a_second_start_keeps_wired_endpoints(machine: Machine, networks: Networks) -> None:
    await wire(networks)
    await networks.start()
    assert list(machine.plumbing.wires) == ["wv12345672"]


async def test_destroying_waits_for_the_last_container(machine: Machine) -> None:
    networks = machine.networks()
    await networks.start()
    await networks.connect(await wire(networks), "c1", "web", [WEB])
    await networks.stop(destroy=True)
    assert machine.plumbing.bridges and machine.published and not machine.held
    again = machine.networks()
    await again.start()
    again.recover(set())
    await again.stop(destroy=True)
    await again.stop(destroy=True)
    assert not machine.plumbing.bridges and not machine.plumbing.tables and not machine.plumbing.wires
    assert not machine.plumbing.forwarding


async def test_forwarding_stays_when_somebody_else_came_to_need_it(machine: Machine) -> None:
    networks = machine.networks()
    await networks.start()
    machine.plumbing.other_links.append("virbr0")
    await networks.stop(destroy=True)
    assert machine.plumbing.forwarding


async def test_a_range_that_somebody_took_is_changed_when_no_container_uses_it(machine: Machine) -> None:
    networks = machine.networks()
    await networks.start()
    await networks.stop(destroy=True)
    machine.plumbing.routes = [IPv4Network("172.18.7.0/24")]
    again = machine.networks()
    await again.start()
    assert machine.plumbing.bridges == {"wh12345678": IPv4Interface("172.19.0.1/16")}
    await again.stop()


async def test_no_free_range_is_told(machine: Machine) -> None:
    machine.plumbing.routes = [IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16")]
    with pytest.raises(Unavailable, match="no address range is free"):
        await machine.networks().start()


async def test_a_new_name_shows(networks: Networks) -> None:
    await networks.connect(await wire(networks), "c1", "/web", [])
    networks.rename("c1", "/better")
    assert networks.inspect("bridge")["Containers"]["c1"]["Name"] == "better"


async def test_filters_are_dockers(networks: Networks) -> None:
    def names(**filters: list[str]) -> list[str]:
        return [network.name for network in networks.list(filters)]

    assert names(driver=["null", "host"]) == ["host", "none"]
    assert names(name=["o"]) == ["host", "none"]
    assert names(type=["custom"]) == []
    assert names(dangling=["true"]) == []
    with pytest.raises(Invalid, match="invalid filter 'colour'"):
        names(colour=["red"])


async def test_rules_that_somebody_removed_are_made_anew(machine: Machine, networks: Networks) -> None:
    tables = machine.plumbing.tables
    before = dict(tables)
    tables.clear()
    await networks.restore()
    assert tables == before != {}
