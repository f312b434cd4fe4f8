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
@click.option("--gateway", metavar="ADDRESS", help="Address of the bridge, the containers' gateway.")
@click.option("--internal", is_flag=True, help="No way from it to elsewhere, and none to it.")
@click.option("--ip-range", metavar="RANGE", help="Part of the subnet that containers get addresses of.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Set metadata.")
@click.option("--opt", "-o", "options", multiple=True, metavar="KEY=VALUE", help="Option of the driver.")
@click.option("--subnet", metavar="RANGE", help="Addresses, as 10.1.0.0/16; a free range when it is not given.")
@click.argument("name")
def network_create(name: str, **given: Any) -> None:
    """Create a network, and print its id."""
    try:
        say(client().post("/networks/create", None, creation(name, given))["Id"])
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def creation(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The body that asks for it: pure. ValueError for what is no pair."""
    pool = {"Subnet": given["subnet"], "IPRange": given["ip_range"], "Gateway": given["gateway"]}
    wanted: dict[str, Any] = {key: value for key, value in pool.items() if value}
    if given["reserved"]:
        wanted["AuxiliaryAddresses"] = pairs(given["reserved"])
    return {
        "Name": name,
        "Driver": given["driver"],
        "Internal": given["internal"],
        "Attachable": given["attachable"],
        "IPAM": {"Driver": "default", "Config": [wanted] if wanted else []},
        "Options": pairs(given["options"]),
        "Labels": pairs(given["labels"]),
    }


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
@click.option("--ip", metavar="ADDRESS", help="Its address there.")
@click.argument("network")
@click.argument("container")
def network_connect(network: str, container: str, aliases: tuple[str, ...], ip: str | None) -> None:
    """Put a container on a network."""
    settings = {"Aliases": list(aliases) or None, "IPAMConfig": {"IPv4Address": ip} if ip else None}
    client().post(f"/networks/{network}/connect", None, {"Container": container, "EndpointConfig": settings})


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
