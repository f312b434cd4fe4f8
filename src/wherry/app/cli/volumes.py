"""``volume``: create, inspect, ls, prune, rm."""

from collections.abc import Mapping
from typing import Any

import click

from wherry.app.cli.command import Command, LazyGroup, client
from wherry.app.cli.lifecycle import confirm, each
from wherry.app.cli.output import filters, show
from wherry.app.cli.parse.environment import pairs
from wherry.app.cli.parse.units import decimal_size
from wherry.app.cli.printing import say

COLUMNS = {
    "Driver": "DRIVER",
    "Name": "VOLUME NAME",
    "Mountpoint": "MOUNTPOINT",
    "Scope": "SCOPE",
    "Labels": "LABELS",
    "Links": "LINKS",
    "Size": "SIZE",
}
VERBS = {
    "create": "volumes:volume_create",
    "inspect": "inspect:volume_inspect",
    "ls": "volumes:volume_ls",
    "list": "volumes:volume_ls",
    "prune": "volumes:volume_prune",
    "rm": "volumes:volume_rm",
    "remove": "volumes:volume_rm",
}
volume_command = LazyGroup("volume", modules=VERBS, help="Volumes: data that outlives containers.")


@click.command("create", cls=Command)
@click.option("--driver", "-d", default="local", metavar="NAME", help="Driver.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Set metadata.")
@click.option("--opt", "-o", "options", multiple=True, metavar="KEY=VALUE", help="Option of the driver.")
@click.argument("name", required=False)
def volume_create(name: str | None, driver: str, labels: tuple[str, ...], options: tuple[str, ...]) -> None:
    """Create a volume, and print its name."""
    try:
        body = {"Name": name or "", "Driver": driver, "Labels": pairs(labels), "DriverOpts": pairs(options)}
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    say(client().post("/volumes/create", None, body)["Name"])


@click.command("ls", cls=Command)
@click.option("--filter", "-f", "given", multiple=True, metavar="KEY=VALUE", help="Show only what fits.")
@click.option("--format", "template", metavar="TEMPLATE", help="table, json, 'table TEMPLATE' or a Go template.")
@click.option("--quiet", "-q", is_flag=True, help="Show names only.")
def volume_ls(given: tuple[str, ...], template: str | None, quiet: bool) -> None:
    """List volumes."""
    volumes = client().get("/volumes", {"filters": filters(given)})["Volumes"] or []
    rows = [_row(volume) for volume in sorted(volumes, key=lambda volume: volume["Name"])]
    if quiet and not template:
        say("".join(f"{row['Name']}\n" for row in rows), nl=False)
        return
    show(rows, COLUMNS, template, ("Driver", "Name"))


def _row(volume: Mapping[str, Any]) -> dict[str, Any]:
    labels, usage = volume.get("Labels") or {}, volume.get("UsageData")
    return {
        "Driver": volume["Driver"],
        "Name": volume["Name"],
        "Mountpoint": volume["Mountpoint"],
        "Scope": volume["Scope"],
        "Labels": ",".join(f"{key}={value}" for key, value in labels.items()),
        "Label": lambda name: labels.get(name, ""),
        "Links": str(usage["RefCount"]) if usage else "N/A",
        "Size": decimal_size(usage["Size"], 3) if usage else "N/A",
    }


@click.command("rm", cls=Command)
@click.option("--force", "-f", is_flag=True, help="Say nothing when it is not there.")
@click.argument("volumes", nargs=-1, required=True)
def volume_rm(volumes: tuple[str, ...], force: bool) -> None:
    """Remove volumes that no container uses."""
    each(volumes, lambda name: client().delete(f"/volumes/{name}", {"force": force or None}))


@click.command("prune", cls=Command)
@click.option("--all", "-a", "everything", is_flag=True, help="Named volumes too, not only anonymous ones.")
@click.option("--filter", "given", multiple=True, metavar="KEY=VALUE", help="Remove only what fits.")
@click.option("--force", "-f", is_flag=True, help="Do not ask.")
def volume_prune(everything: bool, given: tuple[str, ...], force: bool) -> None:
    """Remove volumes that no container uses."""
    confirm(force, f"This will remove all {'' if everything else 'anonymous '}volumes not used by a container.")
    wanted = filters([*given, "all=true"] if everything else given)
    result = client().post("/volumes/prune", {"filters": wanted})
    if result["VolumesDeleted"]:
        say("Deleted Volumes:")
        say("".join(f"{name}\n" for name in result["VolumesDeleted"]))
    say(f"Total reclaimed space: {decimal_size(result['SpaceReclaimed'])}")
