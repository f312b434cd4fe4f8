"""One bridge: its ground, the addresses it hands out, and what a failure leaves (the service: test_networks)."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import wait_until
from wherry.engine.database import Database
from wherry.engine.instance import Instance
from wherry.engine.networks import plan
from wherry.engine.networks.apply import Wire
from wherry.engine.networks.bridge import Bridge, Ranges, choose_addressing
from wherry.engine.networks.fake import FakePlumbing
from wherry.engine.networks.model import Addressing, Endpoint, Network, Publication
from wherry.engine.networks.rows import Rows
from wherry.kit.errors import Unavailable
from wherry.linux.errors import KernelError

INSTANCE = Instance(Path("/x"), Path("/x/run"), "12345678")
SMALL = plan.addressing(IPv4Network("10.0.0.0/29"))  # five addresses besides the gateway's
WEB = Publication("tcp", "0.0.0.0", 8080, "10.0.0.2", 80)
DNS = Publication("udp", "0.0.0.0", 53, "10.0.0.2", 53)


def endpoint(address: IPv4Address) -> Endpoint:
    return Endpoint("n" * 64, "bridge", f"e{address}", str(address), 29, "10.0.0.1", plan.mac_of(address))


class SlowPlumbing(FakePlumbing):
    """Lays a wire only when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def lay(self, netns_fd: int, bridge: str, wire: Wire) -> None:
        os.fstat(netns_fd)  # still open
        self.begun.set()
        assert self.go_on.wait(60)
        super().lay(netns_fd, bridge, wire)


@pytest.fixture
def plumbing() -> FakePlumbing:
    return FakePlumbing()


@pytest.fixture
def rows() -> Rows:
    return Rows(Database(":memory:"))


@pytest.fixture
async def bridge(plumbing: FakePlumbing) -> AsyncIterator[Bridge]:
    bridge = Bridge(INSTANCE, SMALL, plumbing)
    yield bridge
    await bridge.close()


async def wired(bridge: Bridge) -> str:
    """The address of a new endpoint."""
    with open("/dev/null") as file:
        return (await bridge.wire(file.fileno(), endpoint)).address


async def test_the_ground_is_rules_bridge_and_forwarding(bridge: Bridge, plumbing: FakePlumbing, rows: Rows) -> None:
    for _ in range(2):
        bridge.lay_ground(rows, [], [WEB])
    assert plumbing.bridges == {INSTANCE.bridge: IPv4Interface("10.0.0.1/29")}
    assert plumbing.published == {INSTANCE.nft_table: {WEB}}
    assert plumbing.forwarding


async def test_links_that_were_there_when_forwarding_came_do_not_forward(
    bridge: Bridge, plumbing: FakePlumbing, rows: Rows
) -> None:
    bridge.lay_ground(rows, [], [])
    assert plumbing.tables[INSTANCE.nft_table].fence == rows.fence() == ("eth0",)
    plumbing.other_links.append("later0")
    bridge.lay_ground(rows, [], [])
    assert plumbing.tables[INSTANCE.nft_table].fence == ("eth0",)


async def test_a_machine_that_forwarded_before_has_no_fence(bridge: Bridge, plumbing: FakePlumbing, rows: Rows) -> None:
    plumbing.forwarding = True
    bridge.lay_ground(rows, [], [])
    assert plumbing.tables[INSTANCE.nft_table].fence == ()
    assert rows.fence() is None


async def test_links_that_nobody_owns_are_removed(bridge: Bridge, plumbing: FakePlumbing, rows: Rows) -> None:
    bridge.lay_ground(rows, [], [])
    kept, lost = await wired(bridge), await wired(bridge)
    again = Bridge(INSTANCE, SMALL, plumbing)  # after a crash: it knows what rows say
    again.lay_ground(rows, [endpoint(IPv4Address(kept))], [])
    assert [str(wire.address.ip) for wire in plumbing.wires.values()] == [kept]
    assert kept != lost
    await again.close()


async def test_addresses_of_before_are_not_handed_out_again(bridge: Bridge, rows: Rows) -> None:
    bridge.lay_ground(rows, [endpoint(IPv4Address(f"10.0.0.{number}")) for number in (2, 4)], [])
    assert [await wired(bridge) for _ in range(3)] == ["10.0.0.5", "10.0.0.6", "10.0.0.3"]


async def test_when_all_addresses_are_used_there_is_none(bridge: Bridge, plumbing: FakePlumbing, rows: Rows) -> None:
    bridge.lay_ground(rows, [], [])
    for _ in range(5):
        await wired(bridge)
    with pytest.raises(Unavailable, match="no available IPv4 addresses"):
        await wired(bridge)
    assert len(plumbing.wires) == 5


async def test_a_wire_is_what_the_endpoint_says(bridge: Bridge, plumbing: FakePlumbing, rows: Rows) -> None:
    bridge.lay_ground(rows, [], [])
    await wired(bridge)
    assert list(plumbing.wires.values()) == [
        Wire(INSTANCE.veth("2"), "eth0", "02:42:0a:00:00:02", IPv4Interface("10.0.0.2/29"), IPv4Address("10.0.0.1"))
    ]


async def test_the_address_of_a_wire_that_could_not_be_laid_is_free_again(
    bridge: Bridge, plumbing: FakePlumbing, rows: Rows
) -> None:
    bridge.lay_ground(rows, [], [])
    plumbing.refuse = {"lay"}
    for _ in range(9):
        with pytest.raises(KernelError):
            await wired(bridge)
    plumbing.refuse = set()
    assert len({await wired(bridge) for _ in range(5)}) == 5


async def test_who_stops_waiting_for_a_wire_has_none_in_the_end(rows: Rows) -> None:
    plumbing = SlowPlumbing()
    bridge = Bridge(INSTANCE, SMALL, plumbing)
    bridge.lay_ground(rows, [], [])
    with open("/dev/null") as file:
        wiring = asyncio.create_task(bridge.wire(file.fileno(), endpoint))
        await asyncio.to_thread(plumbing.begun.wait, 5)
        wiring.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wiring
    plumbing.go_on.set()  # the descriptor of the caller is closed: the thread has its own
    await wait_until(lambda: bool(plumbing.wires))
    await wait_until(lambda: not plumbing.wires)
    await bridge.close()


async def test_an_address_is_free_when_its_link_is_gone_and_not_before(
    bridge: Bridge, plumbing: FakePlumbing, rows: Rows
) -> None:
    bridge.lay_ground(rows, [], [])
    addresses = [await wired(bridge) for _ in range(5)]
    bridge.unwire(endpoint(IPv4Address(addresses[0])))
    with pytest.raises(Unavailable):
        await wired(bridge)
    plumbing.wires.pop(INSTANCE.veth("2"))  # its namespace went
    await bridge._leaving.look()
    assert await wired(bridge) == addresses[0]


async def test_ports_are_published_in_the_instances_own_table(
    bridge: Bridge, plumbing: FakePlumbing, rows: Rows
) -> None:
    bridge.lay_ground(rows, [], [])
    bridge.publish([WEB])
    assert plumbing.published == {INSTANCE.nft_table: {WEB}}
    for _ in range(2):
        bridge.unpublish([WEB])
    assert plumbing.published == {INSTANCE.nft_table: set()}


async def test_datagrams_go_where_a_port_leads_now(bridge: Bridge, plumbing: FakePlumbing, rows: Rows) -> None:
    bridge.lay_ground(rows, [], [])
    bridge.publish([WEB, DNS])
    bridge.unpublish([DNS])
    bridge.publish([WEB])
    await bridge.bridge_ports()  # what was to be done before is done
    assert plumbing.forgotten == [WEB, DNS, DNS]


async def test_destroy_leaves_the_machine_as_it_was(bridge: Bridge, plumbing: FakePlumbing, rows: Rows) -> None:
    bridge.lay_ground(rows, [], [])
    await wired(bridge)
    for _ in range(2):
        bridge.destroy(rows)
    assert plumbing == FakePlumbing()
    assert rows.fence() is None


async def test_forwarding_stays_when_somebody_may_rely_on_it(
    bridge: Bridge, plumbing: FakePlumbing, rows: Rows
) -> None:
    bridge.lay_ground(rows, [], [])
    plumbing.other_links.append("docker0")
    bridge.destroy(rows)
    assert plumbing.forwarding


def subnet(known: str | None, wanted: str | None, taken: list[str], in_use: bool = False) -> str:
    """The range that is chosen."""
    plumbing = FakePlumbing(routes=[IPv4Network(one) for one in taken])
    before = plan.addressing(IPv4Network(known)) if known else None
    asked = Ranges(IPv4Network(wanted) if wanted else None)
    return str(choose_addressing(INSTANCE, plumbing, network(before), asked, in_use=in_use).subnet)


def network(addressing: Addressing | None) -> Network:
    return Network("n" * 64, "bridge", "bridge", 5, addressing)


@pytest.mark.parametrize(
    ("known", "wanted", "taken", "in_use", "chosen"),
    [
        (None, None, [], False, "172.18.0.0/16"),
        (None, None, ["172.18.0.0/15"], False, "172.20.0.0/16"),
        (None, "10.1.0.0/24", [], False, "10.1.0.0/24"),
        ("10.1.0.0/24", None, [], False, "10.1.0.0/24"),
        ("10.1.0.0/24", None, ["10.1.0.0/16"], False, "172.18.0.0/16"),
        ("10.1.0.0/24", None, ["10.1.0.0/16"], True, "10.1.0.0/24"),
        ("10.1.0.0/24", "10.2.0.0/24", [], False, "10.2.0.0/24"),
        ("10.1.0.0/24", "10.2.0.0/24", [], True, "10.1.0.0/24"),
    ],
)
def test_a_range_is_kept_while_it_is_used_or_usable(
    known: str | None, wanted: str | None, taken: list[str], in_use: bool, chosen: str
) -> None:
    assert subnet(known, wanted, taken, in_use) == chosen


def test_when_every_range_has_a_route_the_user_is_told_to_give_one() -> None:
    with pytest.raises(Unavailable, match="give one in the settings"):
        subnet(None, None, ["172.16.0.0/12", "192.168.0.0/16"])


def test_a_range_that_is_asked_for_and_used_by_others_is_refused() -> None:
    with pytest.raises(Unavailable, match=r"the range 10\.1\.0\.0/24 for containers is in use on this machine"):
        subnet(None, "10.1.0.0/24", ["10.0.0.0/8"])


def six(known: str | None, wanted: str | None, taken: list[str]) -> str:
    plumbing = FakePlumbing(routes6=[IPv6Network(one) for one in taken])
    before = plan.addressing(IPv4Network("10.0.0.0/16"), subnet6=IPv6Network(known) if known else None)
    asked = Ranges(is_dual=True, six=IPv6Network(wanted) if wanted else None)
    return str(choose_addressing(INSTANCE, plumbing, network(before), asked, in_use=False).subnet6)


def test_a_range_of_ipv6_is_kept_while_nobody_else_uses_it() -> None:
    chosen = six(None, None, [])
    assert chosen.startswith("fd") and chosen.endswith("/64")
    assert six(chosen, None, ["::/0"]) == chosen
    assert six("fd00:1::/64", None, []) == "fd00:1::/64"
    assert six("fd00:1::/64", None, ["fd00::/16"]) == chosen
    assert six(chosen, None, [chosen]) != chosen
    assert six(chosen, "fd00:2::/64", []) == "fd00:2::/64"
    with pytest.raises(Unavailable, match="fd00:2::/64 for containers is in use"):
        six(chosen, "fd00:2::/64", ["fd00:2::/60"])


async def test_the_links_that_were_there_go_on_not_forwarding_ipv6(plumbing: FakePlumbing, rows: Rows) -> None:
    plumbing.forwarding = True
    net = plan.addressing(IPv4Network("10.0.0.0/29"), subnet6=IPv6Network("fd00:1::/64"))
    bridge = Bridge(INSTANCE, net, plumbing)
    bridge.lay_ground(rows, [], [])
    ground = plumbing.tables[INSTANCE.nft_table]
    assert (plumbing.forwarding6, ground.fence, ground.fence6) == (True, (), ("eth0",))
    bridge.destroy(rows)
    assert (plumbing.forwarding, plumbing.forwarding6) == (True, False)
    await bridge.close()


async def test_the_neighbour_is_forgotten_before_another_gets_the_address(plumbing: FakePlumbing, rows: Rows) -> None:
    net = plan.addressing(IPv4Network("10.0.0.0/29"), subnet6=IPv6Network("fd00:1::/64"))
    bridge = Bridge(INSTANCE, net, plumbing)
    bridge.lay_ground(rows, [], [])
    with open("/dev/null") as file:
        made = await bridge.wire(file.fileno(), lambda address: plan.endpoint_of(network(net), "e" * 64, address))
    assert plumbing.neighbours == {IPv6Address("fd00:1::2")}
    bridge.unwire(made)
    plumbing.wires.clear()  # its namespace went
    await bridge._leaving.look()
    await wait_until(lambda: not bridge._used)
    assert plumbing.neighbours == set()
    await bridge.close()


async def test_a_start_knows_the_neighbours_that_there_are_and_no_others(plumbing: FakePlumbing, rows: Rows) -> None:
    net = plan.addressing(IPv4Network("10.0.0.0/29"), subnet6=IPv6Network("fd00:1::/64"))
    plumbing.neighbours = {IPv6Address("fd00:1::5")}  # whoever ended with the node before
    bridge = Bridge(INSTANCE, net, plumbing)
    bridge.lay_ground(rows, [plan.endpoint_of(network(net), "e" * 64, IPv4Address("10.0.0.3"))], [])
    assert plumbing.neighbours == {IPv6Address("fd00:1::3")}
    await bridge.close()


@pytest.mark.parametrize("version", [4, 6])
async def test_of_several_instances_the_last_one_turns_forwarding_off(plumbing: FakePlumbing, version: int) -> None:
    """And each keeps up the fence of the one that turned it on."""
    plumbing.forwarding = version == 6
    lives = []
    for name, number in (("11111111", 1), ("22222222", 2)):
        net = plan.addressing(IPv4Network(f"10.{number}.0.0/16"), subnet6=IPv6Network(f"fd00:{number}::/64"))
        instance, own = Instance(Path("/x"), Path("/x/run"), name), Rows(Database(":memory:"))
        bridge = Bridge(instance, net, plumbing)
        bridge.lay_ground(own, [], [])
        ground = plumbing.tables[instance.nft_table]
        assert (ground.fence if version == 4 else ground.fence6) == ("eth0",)
        lives.append((bridge, own))
    for bridge, own in lives:
        assert plumbing.is_forwarding(version)
        bridge.destroy(own)
        await bridge.close()
    assert not plumbing.is_forwarding(version)
    assert plumbing.is_forwarding(10 - version) is (version == 6)
    assert plumbing.fences == {}


async def test_what_is_written_down_goes_with_the_last_instance_though_somebody_relies_on_forwarding(
    bridge: Bridge, plumbing: FakePlumbing, rows: Rows
) -> None:
    bridge.lay_ground(rows, [], [])
    assert plumbing.fence() == ("eth0",)
    plumbing.other_links.append("docker0")
    bridge.destroy(rows)
    assert (plumbing.forwarding, plumbing.fence()) == (True, None)
