"""``network``: connect, create, disconnect, prune, rm."""

from typing import Any

import click

from wherry.app.cli.command import Command, client
from wherry.app.cli.lifecycle import confirm, each
from wherry.app.cli.output import filters
from wherry.app.cli.parse.environment import pairs
from wherry.app.cli.printing import say


@click.command("create", cls=Command)
@click.option("--attachable", is_flag=True, help="Kept and shown.")
@click.option("--aux-address", "reserved", multiple=True, metavar="NAME=ADDRESS", help="Give it to no container.")
@click.option("--driver", "-d", default="bridge", metavar="NAME", help="Driver.")
@click.option("--gateway", "gateways", multiple=True, metavar="ADDRESS", help="The containers' gateway: the bridge.")
@click.option("--ipv6", is_flag=True, help="With IPv6, too.")
@click.option("--internal", is_flag=True, help="No way from it to elsewhere, and none to it.")
@click.option("--ip-range", metavar="RANGE", help="Part of the subnet that containers get addresses of.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Set metadata.")
@click.option("--opt", "-o", "options", multiple=True, metavar="KEY=VALUE", help="Option of the driver.")
@click.option(
    "--subnet",
    "subnets",
    multiple=True,
    metavar="RANGE",
    help="Addresses, as 10.1.0.0/16, and with --ipv6 another, as fd00:1::/64; a free range when it is not given.",
)
@click.argument("name")
def network_create(name: str, **given: Any) -> None:
    """Create a network, and print its id."""
    try:
        say(client().post("/networks/create", None, creation(name, given))["Id"])
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def creation(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The body that asks for it: pure. ValueError for what is no pair."""
    return {
        "Name": name,
        "Driver": given["driver"],
        "Internal": given["internal"],
        "Attachable": given["attachable"],
        **({"EnableIPv6": True} if given["ipv6"] else {}),
        "IPAM": {"Driver": "default", "Config": [pool for pool in (_pool(given, ":"), _pool(given, ".")) if pool]},
        "Options": pairs(given["options"]),
        "Labels": pairs(given["labels"]),
    }


def _pool(given: dict[str, Any], mark: str) -> dict[str, Any]:
    """What is asked of the family whose addresses have this mark in them: pure. ValueError for two of a kind."""

    def of_family(values: Any) -> list[str]:
        return [value for value in values if (":" in value) == (mark == ":")]

    asked = {"Subnet": of_family(given["subnets"]), "Gateway": of_family(given["gateways"])}
    asked["IPRange"] = of_family([given["ip_range"] or ""])
    twice = [values[1] for values in asked.values() if len(values) > 1]
    if twice:
        raise ValueError(f"one range and gateway of a family: not {twice[0]!r}, too")
    wanted: dict[str, Any] = {key: values[0] for key, values in asked.items() if values and values[0]}
    reserved = pairs(of_family(given["reserved"]))
    return wanted | ({"AuxiliaryAddresses": reserved} if reserved else {})


@click.command("rm", cls=Command)
@click.option("--force", "-f", is_flag=True, help="Say nothing when it is not there.")
@click.argument("networks", nargs=-1, required=True)
def network_rm(networks: tuple[str, ...], force: bool) -> None:
    """Remove networks that no container is on."""

    def remove(name: str) -> None:
        if force and all(name not in (one["Name"], one["Id"]) for one in client().get("/networks")):
            return
        client().delete(f"/networks/{name}")

    each(networks, remove)


@click.command("connect", cls=Command)
@click.option("--alias", "aliases", multiple=True, metavar="NAME", help="Another name of it there.")
@click.option("--driver-opt", "options", multiple=True, metavar="KEY=VALUE", help="Option of its interface there.")
@click.option("--gw-priority", type=int, default=0, metavar="NUMBER", help="The highest is the way to elsewhere.")
@click.option("--ip", metavar="ADDRESS", help="Its address there.")
@click.option("--ip6", metavar="ADDRESS", help="Its address of IPv6 there.")
@click.option("--link", "links", multiple=True, metavar="CONTAINER[:ALIAS]", help="What it calls another there.")
@click.argument("network")
@click.argument("container")
def network_connect(network: str, container: str, **given: Any) -> None:
    """Put a container on a network."""
    try:
        settings = joining(given)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    client().post(f"/networks/{network}/connect", None, {"Container": container, "EndpointConfig": settings})


def joining(given: dict[str, Any]) -> dict[str, Any]:
    """How it is to be there: pure. ValueError for what is no pair."""
    asked = {"IPv4Address": given["ip"], "IPv6Address": given["ip6"]}
    addresses = {name: address for name, address in asked.items() if address}
    return {
        "Aliases": list(given["aliases"]) or None,
        "Links": list(given["links"]) or None,
        "IPAMConfig": addresses or None,
        "DriverOpts": pairs(given["options"]) or None,
        "GwPriority": given["gw_priority"],
    }


@click.command("disconnect", cls=Command)
@click.option("--force", "-f", is_flag=True, help="Say nothing when there is no such container.")
@click.argument("network")
@click.argument("container")
def network_disconnect(network: str, container: str, force: bool) -> None:
    """Take a container off a network."""
    client().post(f"/networks/{network}/disconnect", None, {"Container": container, "Force": force})


@click.command("prune", cls=Command)
@click.option("--filter", "given", multiple=True, metavar="KEY=VALUE", help="Remove only what fits.")
@click.option("--force", "-f", is_flag=True, help="Do not ask.")
def network_prune(given: tuple[str, ...], force: bool) -> None:
    """Remove networks that no container is on."""
    confirm(force, "This will remove all custom networks not used by at least one container.")
    gone = client().post("/networks/prune", {"filters": filters(given)})["NetworksDeleted"]
    if gone:
        say("Deleted Networks:")
        say("".join(f"{name}\n" for name in gone))
