"""``network``: inspect, ls."""

from collections.abc import Mapping
from typing import Any

import click

from wherry.app.cli.command import Command, LazyGroup, client
from wherry.app.cli.output import filters, short_id, show
from wherry.app.cli.printing import say

COLUMNS = {
    "ID": "NETWORK ID",
    "Name": "NAME",
    "Driver": "DRIVER",
    "Scope": "SCOPE",
    "IPv6": "IPV6",
    "Internal": "INTERNAL",
    "Labels": "LABELS",
    "CreatedAt": "CREATED AT",
}
VERBS = {
    "connect": "network_changes:network_connect",
    "create": "network_changes:network_create",
    "disconnect": "network_changes:network_disconnect",
    "inspect": "inspect:network_inspect",
    "ls": "networks:network_ls",
    "list": "networks:network_ls",
    "prune": "network_changes:network_prune",
    "rm": "network_changes:network_rm",
    "remove": "network_changes:network_rm",
}
network_command = LazyGroup("network", modules=VERBS, help="Networks: who is on one finds its neighbours by name.")


@click.command("ls", cls=Command)
@click.option("--filter", "-f", "given", multiple=True, metavar="KEY=VALUE", help="Show only what fits.")
@click.option("--format", "template", metavar="TEMPLATE", help="table, json, 'table TEMPLATE' or a Go template.")
@click.option("--no-trunc", is_flag=True, help="Show ids whole.")
@click.option("--quiet", "-q", is_flag=True, help="Show ids only.")
def network_ls(given: tuple[str, ...], template: str | None, no_trunc: bool, quiet: bool) -> None:
    """List networks."""
    found = client().get("/networks", {"filters": filters(given)})
    rows = [_row(network, no_trunc) for network in sorted(found, key=lambda network: network["Name"])]
    if quiet and not template:
        say("".join(f"{row['ID']}\n" for row in rows), nl=False)
        return
    show(rows, COLUMNS, template, ("ID", "Name", "Driver", "Scope"))


def _row(network: Mapping[str, Any], whole: bool) -> dict[str, Any]:
    labels = network.get("Labels") or {}
    return {
        "ID": network["Id"] if whole else short_id(network["Id"]),
        "Name": network["Name"],
        "Driver": network["Driver"],
        "Scope": network["Scope"],
        "IPv6": str(bool(network.get("EnableIPv6"))).lower(),
        "Internal": str(bool(network.get("Internal"))).lower(),
        "Labels": ",".join(f"{key}={value}" for key, value in labels.items()),
        "Label": lambda name: labels.get(name, ""),
        "CreatedAt": network.get("Created", ""),
    }
