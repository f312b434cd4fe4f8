"""``network connect, create, disconnect, prune, rm``."""

import json
from typing import Any

from tests.unit.app.cli.conftest import Daemon, Wherry


def shown(wherry: Wherry, network: str) -> dict[str, Any]:
    return dict(json.loads(wherry("network", "inspect", network).out)[0])


def test_a_network_is_made_as_asked_for(daemon: Daemon, wherry: Wherry) -> None:
    made = wherry(
        "network", "create", "--subnet", "10.1.0.0/24", "--gateway", "10.1.0.9", "--ip-range", "10.1.0.64/26",
        "--aux-address", "printer=10.1.0.70", "--internal", "--label", "a=b", "mine",
    )  # fmt: skip
    found = shown(wherry, "mine")
    assert (made.code, made.out.strip()) == (0, found["Id"])
    assert (found["Internal"], found["Labels"]) == (True, {"a": "b"})
    assert found["IPAM"]["Config"] == [
        {
            "Subnet": "10.1.0.0/24",
            "Gateway": "10.1.0.9",
            "IPRange": "10.1.0.64/26",
            "AuxiliaryAddresses": {"printer": "10.1.0.70"},
        }
    ]


def test_a_network_with_ipv6_is_made_as_asked_for(daemon: Daemon, wherry: Wherry) -> None:
    four, six = (
        ("--subnet", "10.1.0.0/24", "--gateway", "10.1.0.9"),
        ("--subnet", "fd00:1::/64", "--gateway", "fd00:1::1"),
    )
    assert wherry("network", "create", "--ipv6", *six, *four, "mine").code == 0
    found = shown(wherry, "mine")
    assert found["EnableIPv6"] is True
    assert found["IPAM"]["Config"] == [
        {"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.9"},
        {"Subnet": "fd00:1::/64", "Gateway": "fd00:1::1"},
    ]
    wherry("create", "--name", "web", "demo:1")
    option = "com.docker.network.endpoint.ifname=lan0"
    how = ("--ip6", "fd00:1::7", "--gw-priority", "3", "--driver-opt", option, "--link", "db:store")
    assert wherry("network", "connect", *how, "mine", "web").code == 0
    asked = json.loads(wherry("inspect", "web").out)[0]["NetworkSettings"]["Networks"]["mine"]
    assert (asked["IPAMConfig"], asked["GwPriority"], asked["Links"]) == ({"IPv6Address": "fd00:1::7"}, 3, ["db:store"])
    assert asked["DriverOpts"] == dict([option.split("=")])


def test_what_cannot_be_is_told(daemon: Daemon, wherry: Wherry) -> None:
    assert "predefined host network" in wherry("network", "create", "host").err
    assert wherry("network", "create", "--aux-address", "=x", "mine").code != 0
    assert (
        "not '10.2.0.0/24', too"
        in wherry("network", "create", "--subnet", "10.1.0.0/24", "--subnet", "10.2.0.0/24", "mine").err
    )
    assert "expected key=value" in wherry("network", "connect", "--driver-opt", "=x", "mine", "web").err
    assert "network absent not found" in wherry("network", "rm", "absent").err
    assert wherry("network", "rm", "-f", "absent").code == 0


def test_a_container_is_put_on_it_and_taken_off(daemon: Daemon, wherry: Wherry) -> None:
    wherry("network", "create", "--subnet", "10.1.0.0/24", "mine")
    wherry("create", "--name", "web", "demo:1")
    assert wherry("network", "connect", "--alias", "shop", "--ip", "10.1.0.7", "mine", "web").code == 0
    asked = json.loads(wherry("inspect", "web").out)[0]["NetworkSettings"]["Networks"]["mine"]
    assert (asked["Aliases"], asked["IPAMConfig"]) == (["shop"], {"IPv4Address": "10.1.0.7"})
    assert wherry("network", "disconnect", "mine", "web").code == 0
    assert list(json.loads(wherry("inspect", "web").out)[0]["NetworkSettings"]["Networks"]) == ["bridge"]
    assert "is not connected to network mine" in wherry("network", "disconnect", "mine", "web").err
    assert "No such container: nobody" in wherry("network", "disconnect", "mine", "nobody").err
    assert wherry("network", "disconnect", "-f", "mine", "nobody").code == 0


def test_those_that_nobody_is_on_are_removed(daemon: Daemon, wherry: Wherry) -> None:
    for name in ("one", "two", "three"):
        wherry("network", "create", name)
    assert wherry("network", "rm", "one").out == "one\n"
    assert wherry("network", "prune", "-f").out.split() == ["Deleted", "Networks:", "two", "three"]
    assert wherry("network", "prune", "-f").out == ""


def test_a_container_is_made_on_it(daemon: Daemon, wherry: Wherry) -> None:
    wherry("network", "create", "mine")
    assert wherry("create", "--name", "web", "--network", "mine", "--network-alias", "shop", "demo:1").code == 0
    assert json.loads(wherry("inspect", "web").out)[0]["NetworkSettings"]["Networks"]["mine"]["Aliases"] == ["shop"]
