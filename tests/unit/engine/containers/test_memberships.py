"""Which networks a container is on."""

from typing import Any

import pytest

from tests.unit.engine.containers.rows import row
from tests.unit.engine.networks.plumbing import DUAL, NET
from wherry.engine.containers import memberships
from wherry.engine.containers.model import Config, EndpointSettings, HostConfig, NetworkingConfig
from wherry.engine.containers.row import PodPart
from wherry.engine.networks.model import Network, Own
from wherry.kit.errors import Invalid, NotFound, Unsupported

NAMES = {"front": "front", "f" * 64: "front", "back": "back", "bridge": "bridge"}


def name_of(ref: str) -> str:
    if ref not in NAMES:
        raise NotFound(f"network {ref} not found")
    return NAMES[ref]


def settled(mode: str, **given: EndpointSettings | None) -> list[str]:
    asked = NetworkingConfig(EndpointsConfig=dict(given))
    found = memberships.settle(asked, HostConfig(NetworkMode=mode), name_of).EndpointsConfig
    return list(found or {})


@pytest.mark.parametrize(
    ("mode", "given", "names"),
    [
        ("", {}, ["bridge"]),
        ("default", {"default": None}, ["bridge"]),
        ("front", {}, ["front"]),
        ("f" * 64, {"front": None}, ["front"]),
        ("front", {"back": None, "bridge": None}, ["front", "back", "bridge"]),
        ("", {"front": None}, ["bridge", "front"]),
        ("host", {}, []),
        ("none", {"none": None}, []),
        ("container:x", {}, []),
    ],
)
def test_the_network_of_its_mode_comes_first(mode: str, given: dict[str, None], names: list[str]) -> None:
    assert settled(mode, **given) == names


def test_a_hardware_address_of_the_container_is_that_of_its_first_place() -> None:
    def first(settings: EndpointSettings | None) -> EndpointSettings | None:
        asked = NetworkingConfig(EndpointsConfig={"front": settings, "back": None})
        found = memberships.settle(asked, HostConfig(NetworkMode="front"), name_of, "02:00:00:00:00:01")
        assert found.EndpointsConfig is not None
        assert found.EndpointsConfig["back"] == EndpointSettings()
        return found.EndpointsConfig["front"]

    wanted = EndpointSettings(MacAddress="02:00:00:00:00:01")
    assert first(None) == first(wanted) == wanted
    with pytest.raises(Invalid, match="the container-wide MAC address must match"):
        first(EndpointSettings(MacAddress="02:00:00:00:00:02"))


def test_a_network_that_is_not_there_is_said_so() -> None:
    with pytest.raises(NotFound, match="network nope not found"):
        settled("front", nope=None)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("bridge", {"IPAMConfig": {"IPv4Address": "10.0.0.5"}}, "supported on user defined networks only"),
        ("bridge", {"Aliases": ["db"]}, "only supported for user-defined networks"),
        ("front", {"IPAMConfig": {"IPv4Address": "10.0.0.x"}}, "invalid IPv4 address: 10.0.0.x"),
        ("front", {"IPAMConfig": {"IPv6Address": "10.0.0.5"}}, "invalid IPv6 address: 10.0.0.5"),
        ("bridge", {"IPAMConfig": {"IPv6Address": "fd00::5"}}, "supported on user defined networks only"),
        ("front", {"MacAddress": "01:00:5e:00:00:01"}, "invalid MAC address"),
    ],
)
def test_what_cannot_be_is_refused(name: str, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        memberships.check(name, EndpointSettings(**settings))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("bridge", EndpointSettings(DriverOpts={"com.docker.network.endpoint.ifname": "lan0"})),
        ("front", EndpointSettings(DriverOpts={"com.docker.network.endpoint.other": "x"})),
    ],
)
def test_what_is_not_there_yet_is_said_so(name: str, settings: EndpointSettings) -> None:
    with pytest.raises(Unsupported, match="not available in this version"):
        memberships.check(name, settings)


def test_what_is_usual_passes() -> None:
    memberships.check("bridge", EndpointSettings(IPAMConfig={"IPv4Address": ""}))
    both = {"IPv4Address": "10.0.0.5", "IPv6Address": "fd00::5"}
    wanted = EndpointSettings(Aliases=["db"], IPAMConfig=both, MacAddress="02:42:0A:00:00:05")
    memberships.check("front", wanted)
    assert str(memberships.address(wanted)) == "10.0.0.5"
    assert str(memberships.address6(wanted)) == "fd00::5"
    assert memberships.address(EndpointSettings()) is None


NETWORKS = {
    "back": Network("1", "back", "bridge", 0, DUAL),
    "bridge": Network("2", "bridge", "bridge", 0, NET),
    "front": Network("3", "front", "bridge", 0, NET, own=Own("g0")),
    "inner": Network("4", "inner", "bridge", 0, NET, own=Own("g1", is_internal=True)),
}


@pytest.mark.parametrize(
    ("priorities", "way"),
    [
        ({}, None),
        ({"inner": 9}, None),
        ({"front": 0, "bridge": 0, "inner": 9}, "bridge"),
        ({"front": 1, "bridge": 0}, "front"),
        ({"front": -1, "bridge": -2}, "front"),
        ({"bridge": 0, "back": 0}, "back"),
        ({"bridge": 1, "back": 0}, "bridge"),
    ],
)
def test_the_way_leads_by_priority_then_families_then_name(priorities: dict[str, int], way: str | None) -> None:
    wanted = {name: EndpointSettings(GwPriority=priority) for name, priority in priorities.items()}
    assert memberships.way(wanted, NETWORKS.__getitem__) == way


def test_a_row_of_before_is_on_the_default_bridge() -> None:
    assert list(memberships.of(row())) == ["bridge"]
    assert list(memberships.of(row(networking=NetworkingConfig(EndpointsConfig={})))) == ["bridge"]


def test_one_that_was_taken_off_all_is_on_none() -> None:
    off = row(host=HostConfig(NetworkMode="bridge"), networking=NetworkingConfig(EndpointsConfig={}))
    assert memberships.of(off) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"host": HostConfig(NetworkMode="host")},
        {"host": HostConfig(NetworkMode="container:x")},
        {"config": Config(NetworkDisabled=True)},
        {"pod": PodPart(sandbox="s", name="c")},
    ],
)
def test_some_are_on_no_network(fields: dict[str, Any]) -> None:
    assert memberships.of(row(**fields)) == {}


def test_links_are_names_for_others() -> None:
    assert memberships.links(EndpointSettings(Links=["/shop-db-1:db", "web"])) == ("shop-db-1:db", "web")
    assert memberships.links(EndpointSettings()) == ()


def test_it_is_found_by_its_aliases_its_short_id_and_its_host_name() -> None:
    settings = EndpointSettings(Aliases=["db", "store", "db"])
    assert memberships.aliases("1" * 64, Config(Hostname="h"), settings) == ("db", "store", "1" * 12, "h")
    assert memberships.aliases("1" * 64, Config(Hostname="1" * 12), EndpointSettings()) == ("1" * 12,)
