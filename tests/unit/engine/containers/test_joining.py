"""Containers on networks of users', on an imagined machine."""

import asyncio
import os
from typing import Any

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers.model import Config, EndpointSettings, HostConfig, HostPlace, NetworkingConfig, State
from wherry.engine.networks.asked import Asked, Pool
from wherry.kit.errors import Conflict, Forbidden, Invalid, NotFound


@pytest.fixture(autouse=True)
def namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of any process is /dev/null."""
    monkeypatch.setattr(
        "wherry.engine.containers.joining.open_namespace", lambda pid, kind: os.open("/dev/null", os.O_RDONLY)
    )


def networks(daemon: Daemon, container: str) -> dict[str, Any]:
    return dict(daemon.containers.inspect(container)["NetworkSettings"]["Networks"])


def interfaces(daemon: Daemon, container: str) -> dict[str, str]:
    return {one.endpoint.network_name: one.endpoint.interface for one in daemon.networks.places(container)}


def file(machine: Machine, container: str, name: str) -> str:
    return (machine.instance.containers / container / name).read_text()


def ways(daemon: Daemon, machine: Machine, container: str) -> list[str]:
    """By which of its networks everything else is reached."""
    ways = [str(wire.address.ip) for wire in machine.plumbing.wires.values() if wire.is_way]
    return [one.endpoint.network_name for one in daemon.networks.places(container) if one.endpoint.address in ways]


def published(daemon: Daemon, container: str) -> list[str]:
    """The networks on which it has ports, which lead to its address there."""
    places = [one for one in daemon.networks.places(container) if one.publications]
    assert all(each.address == one.endpoint.address for one in places for each in one.publications)
    return [one.endpoint.network_name for one in places]


async def on(daemon: Daemon, *names: str, **host: Any) -> str:
    """A running container on these networks."""
    endpoints: dict[str, EndpointSettings | None] = {name: EndpointSettings() for name in names}
    made = await daemon.containers.create(
        None,
        Config(Image="demo:1"),
        HostConfig(NetworkMode=names[0], **host),
        NetworkingConfig(EndpointsConfig=endpoints),
    )
    await daemon.containers.start(made.id)
    return made.id


async def test_a_start_joins_every_network(daemon: Daemon, machine: Machine) -> None:
    for name in ("front", "back"):
        daemon.networks.create(Asked(name))
    container = await on(daemon, "front", "back")
    assert interfaces(daemon, container) == {"front": "eth0", "back": "eth1"}
    assert networks(daemon, container)["front"]["IPAddress"].endswith(".2")
    assert file(machine, container, "resolv.conf").startswith("nameserver 127.0.0.11\n")
    lines = file(machine, container, "hosts").splitlines()[-2:]
    assert [line.split("\t")[1] for line in lines] == [container[:12]] * 2
    assert daemon.actions("network").count("connect") == 2
    assert len(machine.plumbing.listening) == 1


async def test_the_first_that_leads_anywhere_is_the_way_and_has_the_ports(daemon: Daemon, machine: Machine) -> None:
    daemon.networks.create(Asked("back", is_internal=True))
    daemon.networks.create(Asked("front"))
    container = await on(daemon, "back", "front", PortBindings={"80/tcp": [HostPlace(HostPort="8080")]})
    ways = [wire.interface for wire in machine.plumbing.wires.values() if wire.is_way]
    assert ways == ["eth1"]
    front = next(one for one in daemon.networks.places(container) if one.endpoint.network_name == "front")
    assert {one.address for one in front.publications} == {front.endpoint.address}
    assert {one.host_port for one in daemon.held} == {8080}
    await daemon.containers.kill(container)
    await wait_until(lambda: not daemon.held)


async def test_beside_the_default_bridge_that_is_the_way(daemon: Daemon, machine: Machine) -> None:
    daemon.networks.create(Asked("front"))
    container = await on(daemon, "bridge", "front")
    assert interfaces(daemon, container) == {"bridge": "eth0", "front": "eth1"}
    assert [wire.interface for wire in machine.plumbing.wires.values() if wire.is_way] == ["eth0"]


async def test_the_way_of_several_is_the_first_by_name_or_that_of_the_highest_priority(
    daemon: Daemon, machine: Machine
) -> None:
    for name in ("front", "back"):
        daemon.networks.create(Asked(name))
    container = await on(daemon, "front", "back", "bridge", PortBindings={"80/tcp": [HostPlace(HostPort="8080")]})
    assert ways(daemon, machine, container) == ["back"] == published(daemon, container)
    endpoints: dict[str, EndpointSettings | None] = {"front": EndpointSettings(GwPriority=1), "back": None}
    made = await daemon.containers.create(
        None,
        Config(Image="demo:1"),
        HostConfig(NetworkMode="back", PortBindings={"80/tcp": [HostPlace(HostPort="8081")]}),
        NetworkingConfig(EndpointsConfig=endpoints),
    )
    await daemon.containers.start(made.id)
    assert ways(daemon, machine, made.id) == ["front"] == published(daemon, made.id)
    assert networks(daemon, made.id)["front"]["GwPriority"] == 1


async def test_one_that_leaves_the_network_of_its_way_gets_that_of_another(daemon: Daemon, machine: Machine) -> None:
    for name in ("back", "front"):
        daemon.networks.create(Asked(name))
    daemon.networks.create(Asked("a", is_internal=True))
    container = await on(daemon, "a", "back", "front", "bridge", PortBindings={"80/tcp": [HostPlace(HostPort="8080")]})
    for leaving, way in (("back", "bridge"), ("a", "bridge"), ("bridge", "front")):
        await daemon.containers.disconnect(leaving, container)
        assert ways(daemon, machine, container) == [way] == published(daemon, container)
    assert {one.host_port for one in daemon.held} == {8080}
    await daemon.containers.disconnect("front", container)
    assert not daemon.held
    await daemon.containers.connect("front", container, EndpointSettings())
    assert ways(daemon, machine, container) == ["front"] == published(daemon, container)


async def test_a_network_that_comes_later_may_be_the_better_way(daemon: Daemon, machine: Machine) -> None:
    for name in ("a", "z", "m"):
        daemon.networks.create(Asked(name))
    container = await on(daemon, "m", PortBindings={"80/tcp": [HostPlace(HostPort="8080")]})
    for joining, priority, way in (("z", 0, "m"), ("a", 0, "a"), ("bridge", 5, "bridge")):
        await daemon.containers.connect(joining, container, EndpointSettings(GwPriority=priority))
        assert ways(daemon, machine, container) == [way] == published(daemon, container)


async def test_a_port_that_somebody_has_keeps_it_off_a_network(daemon: Daemon, machine: Machine) -> None:
    daemon.networks.create(Asked("back", is_internal=True))
    daemon.networks.create(Asked("front"))
    port = {"80/tcp": [HostPlace(HostPort="8080")]}
    other = await on(daemon, "front", PortBindings=port)
    container = await on(daemon, "back", PortBindings=port)
    with pytest.raises(Conflict, match="port is already allocated"):
        await daemon.containers.connect("front", container, EndpointSettings())
    assert list(interfaces(daemon, container)) == ["back"] == list(networks(daemon, container))
    assert published(daemon, other) == ["front"]


async def test_an_interface_has_the_name_and_the_settings_that_are_asked_for(daemon: Daemon, machine: Machine) -> None:
    for name in ("front", "back"):
        daemon.networks.create(Asked(name))
    options = {
        "com.docker.network.endpoint.ifname": "lan0",
        "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1",
    }
    made = await daemon.containers.create(
        None,
        Config(Image="demo:1"),
        HostConfig(NetworkMode="front"),
        NetworkingConfig(EndpointsConfig={"front": EndpointSettings(DriverOpts=options), "back": None}),
    )
    await daemon.containers.start(made.id)
    assert interfaces(daemon, made.id) == {"front": "lan0", "back": "eth0"}
    assert machine.plumbing.tuned == [("ipv4/conf/lan0/log_martians", "1")]
    machine.plumbing.refuse = {"tune"}
    daemon.networks.create(Asked("side"))
    other = {"com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.nonsense=1"}
    with pytest.raises(Invalid, match="a setting of a network interface: tune"):
        await daemon.containers.connect("side", made.id, EndpointSettings(DriverOpts=other))
    assert "side" not in interfaces(daemon, made.id)


async def test_a_hardware_address_may_be_chosen_on_the_default_bridge(daemon: Daemon, machine: Machine) -> None:
    config = Config(Image="demo:1", MacAddress="02:00:00:00:00:01")
    made = await daemon.containers.create(None, config, HostConfig(), NetworkingConfig())
    await daemon.containers.start(made.id)
    assert networks(daemon, made.id)["bridge"]["MacAddress"] == "02:00:00:00:00:01"
    assert [wire.mac for wire in machine.plumbing.wires.values()].count("02:00:00:00:00:01") == 1
    await daemon.containers.disconnect("bridge", made.id)
    await daemon.containers.connect("bridge", made.id, EndpointSettings(MacAddress="02:00:00:00:00:02"))
    assert networks(daemon, made.id)["bridge"]["MacAddress"] == "02:00:00:00:00:02"


async def test_its_end_takes_it_off_and_a_start_puts_it_back(daemon: Daemon) -> None:
    daemon.networks.create(Asked("front"))
    container = await on(daemon, "front")
    await daemon.containers.kill(container)
    await wait_until(lambda: not daemon.networks.places(container))
    assert networks(daemon, container)["front"]["IPAddress"] == ""
    await daemon.containers.start(container)
    assert networks(daemon, container)["front"]["IPAddress"]


async def test_an_address_of_its_own_is_kept_over_a_restart(daemon: Daemon, machine: Machine) -> None:
    daemon.networks.create(Asked("front", pools=[Pool("10.9.0.0/24")]))
    asked = EndpointSettings(IPAMConfig={"IPv4Address": "10.9.0.77"})
    made = await daemon.containers.create(
        None,
        Config(Image="demo:1"),
        HostConfig(NetworkMode="front"),
        NetworkingConfig(EndpointsConfig={"front": asked}),
    )
    await daemon.containers.start(made.id)
    restarting = asyncio.ensure_future(daemon.containers.restart(made.id, 0))
    await wait_until(lambda: not daemon.networks.places(made.id))
    machine.plumbing.remove_link(next(iter(machine.plumbing.wires)))  # as its namespace ends
    await restarting
    assert networks(daemon, made.id)["front"]["IPAddress"] == "10.9.0.77"
    other = await daemon.containers.create(
        None,
        Config(Image="demo:1"),
        HostConfig(NetworkMode="front"),
        NetworkingConfig(EndpointsConfig={"front": asked}),
    )
    with pytest.raises(Forbidden, match="Address already in use"):
        await daemon.containers.start(other.id)
    assert not daemon.networks.places(other.id)


async def test_one_that_runs_is_put_on_a_network_and_taken_off(daemon: Daemon, machine: Machine) -> None:
    daemon.networks.create(Asked("front"))
    container = await daemon.run()
    assert "127.0.0.11" not in file(machine, container, "resolv.conf")
    await daemon.containers.connect("front", container, EndpointSettings(Aliases=["db"]))
    assert interfaces(daemon, container) == {"bridge": "eth0", "front": "eth1"}
    assert networks(daemon, container)["front"]["Aliases"] == ["db"]
    assert "127.0.0.11" in file(machine, container, "resolv.conf")
    with pytest.raises(Forbidden, match="already exists in network front"):
        await daemon.containers.connect("front", container, EndpointSettings())
    with pytest.raises(Forbidden, match="has active endpoints"):
        daemon.networks.remove("front")
    await daemon.containers.disconnect("front", container)
    await daemon.containers.disconnect("bridge", container)
    assert networks(daemon, container) == {} == interfaces(daemon, container)
    assert not machine.plumbing.wires
    with pytest.raises(Forbidden, match="is not connected to network front"):
        await daemon.containers.disconnect("front", container)
    await daemon.containers.connect("bridge", container, EndpointSettings())
    assert interfaces(daemon, container) == {"bridge": "eth0"}
    daemon.networks.remove("front")


async def test_one_that_does_not_run_is_so_with_its_next_start(daemon: Daemon) -> None:
    daemon.networks.create(Asked("front"))
    container = await daemon.create()
    await daemon.containers.connect("front", container, EndpointSettings())
    await daemon.containers.disconnect("bridge", container)
    assert list(networks(daemon, container)) == ["front"]
    await daemon.containers.start(container)
    assert interfaces(daemon, container) == {"front": "eth0"}


@pytest.mark.parametrize(
    ("mode", "network", "error"),
    [("", "host", Forbidden), ("host", "front", Invalid), ("none", "front", Invalid), ("", "nope", NotFound)],
)
async def test_not_every_one_can_be(daemon: Daemon, mode: str, network: str, error: type[Exception]) -> None:
    daemon.networks.create(Asked("front"))
    container = await daemon.create(NetworkMode=mode)
    with pytest.raises(error):
        await daemon.containers.connect(network, container, EndpointSettings())


async def test_a_start_that_fails_leaves_no_place(daemon: Daemon, machine: Machine) -> None:
    for name in ("front", "back"):
        daemon.networks.create(Asked(name))
    endpoints: dict[str, EndpointSettings | None] = {"back": EndpointSettings()}
    made = await daemon.containers.create(
        None,
        Config(Image="demo:1"),
        HostConfig(NetworkMode="front"),
        NetworkingConfig(EndpointsConfig=endpoints),
    )
    machine.plumbing.refuse = {"listen"}
    with pytest.raises(OSError, match="listen"):
        await daemon.containers.start(made.id)
    assert not daemon.networks.places(made.id)
    assert daemon.containers.inspect(made.id)["State"]["Status"] == State.CREATED
    machine.plumbing.refuse = set()
    await daemon.containers.start(made.id)


async def test_another_engine_answers_who_runs_on(machine: Machine) -> None:
    before = await machine.up()
    before.networks.create(Asked("front", labels={"a": "b"}))
    container = await on(before, "front")
    address = networks(before, container)["front"]["IPAddress"]
    await machine.crash()
    after = await machine.up()
    assert networks(after, container)["front"]["IPAddress"] == address
    assert after.networks.get("front").labels == {"a": "b"}
    assert len(machine.plumbing.listening) == 2
    with pytest.raises(Conflict, match="already exists"):
        after.networks.create(Asked("front"))
    await after.containers.kill(container)
    await after.close()


async def test_a_new_name_is_the_one_it_is_found_by(daemon: Daemon) -> None:
    daemon.networks.create(Asked("front"))
    container = await on(daemon, "front")
    await daemon.containers.rename(container, "other")
    assert [one.container_name for one in daemon.networks.own.of(container)] == ["other"]
    assert [one["Names"] for one in daemon.containers.list(filters={"network": ["front"]})] == [["/other"]]
