"""``inspect``: the whole record of a container, image, network or volume."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from wherry.app.cli.command import Command, client
from wherry.app.cli.printing import say
from wherry.app.cli.system import formatted
from wherry.app.client import ApiError, Client

# In the order in which a name is looked for (cli/command/system/inspect.go).
PATHS = {
    "container": "/containers/{}/json",
    "image": "/images/{}/json",
    "network": "/networks/{}",
    "volume": "/volumes/{}",
}


@click.command("inspect", cls=Command)
@click.option("--format", "-f", "template", metavar="TEMPLATE", help="json, or a Go template.")
@click.option("--size", "-s", is_flag=True, help="Show sizes of containers.")
@click.option("--type", "kind", type=click.Choice(list(PATHS)), help="Look for this kind only.")
@click.argument("names", nargs=-1, required=True)
def inspect_command(names: tuple[str, ...], template: str | None, size: bool, kind: str | None) -> None:
    """Show everything about containers, images, networks or volumes."""
    inspect(names, [kind] if kind else list(PATHS), template, size)


def inspect(names: Sequence[str], kinds: Sequence[str], template: str | None, size: bool = False) -> None:
    """Print the records found, then say what was not found and exit 1."""
    daemon = client()
    found, missing = [], []
    for name in names:
        record = _find(daemon, name, kinds, size)
        if record is None:
            missing.append(name)
        else:
            found.append(record)
    if template:
        for record in found:
            say(formatted(template, record))
    else:
        say(json.dumps(found, indent=4, ensure_ascii=False))
    what = kinds[0] if len(kinds) == 1 else "object"
    for name in missing:
        say(f"Error: No such {what}: {name}", err=True)
    if missing:
        sys.exit(1)


def _find(daemon: Client, name: str, kinds: Sequence[str], size: bool) -> Any:  # JSON, or None
    for kind in kinds:
        try:
            return daemon.get(PATHS[kind].format(name), {"size": size or None} if kind == "container" else None)
        except ApiError as error:
            # A name that cannot be an image's may still be another thing's.
            if error.status != 404 and not (error.status == 400 and len(kinds) > 1):
                raise
    return None


def _one_kind(kind: str, plural: str) -> click.Command:
    @click.command("inspect", cls=Command, help=f"Show everything about {plural}.")
    @click.option("--format", "-f", "template", metavar="TEMPLATE", help="json, or a Go template.")
    @click.argument("names", nargs=-1, required=True)
    def command(names: tuple[str, ...], template: str | None) -> None:
        inspect(names, [kind], template)

    assert isinstance(command, click.Command)
    return command


container_inspect = _one_kind("container", "containers")
image_inspect = _one_kind("image", "images")
network_inspect = _one_kind("network", "networks")
volume_inspect = _one_kind("volume", "volumes")
