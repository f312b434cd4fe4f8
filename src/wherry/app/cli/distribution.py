"""``pull``, ``push``, ``search``: images from and to registries."""

import sys
from typing import Any, TextIO

import click

from wherry.app.cli.command import Command, client
from wherry.app.cli.output import filters, show
from wherry.app.cli.printing import say
from wherry.app.cli.progress import Display
from wherry.app.client import Client
from wherry.app.dockerconfig import DockerConfig, server_of
from wherry.oci.reference import Reference

AUTH = "X-Registry-Auth"
SEARCH_COLUMNS = {
    "Name": "NAME",
    "Description": "DESCRIPTION",
    "StarCount": "STARS",
    "IsOfficial": "OFFICIAL",
    "IsAutomated": "AUTOMATED",
}
_DESCRIPTION = 45


@click.command("pull", cls=Command)
@click.option("--all-tags", "-a", is_flag=True, help="Pull every tag of the repository.")
@click.option("--platform", metavar="OS/ARCH", help="Platform of the image, of those it is made for.")
@click.option("--quiet", "-q", is_flag=True, help="Print the image's name only.")
@click.argument("image")
def pull_command(image: str, all_tags: bool, platform: str | None, quiet: bool) -> None:
    """Download an image from a registry."""
    reference = Reference.parse(image)
    if all_tags and not reference.is_name_only:
        raise click.UsageError("tag can't be used with --all-tags/-a")
    if not all_tags and reference.is_name_only and not quiet:
        say("Using default tag: latest")
    reference = reference if all_tags else reference.tagged()
    pull(client(), reference, platform, None if quiet else sys.stdout)
    say(str(reference))


def pull(daemon: Client, reference: Reference, platform: str | None, output: TextIO | None) -> None:
    """Let the daemon pull, with the user's credentials; progress goes to ``output``. Raises ApiError."""
    query = {
        "fromImage": str(reference.name_only()),
        "tag": str(reference.digest) if reference.digest is not None else reference.tag,
        "platform": platform,
    }
    _follow(daemon, "/images/create", query, reference, output)


@click.command("push", cls=Command)
@click.option("--all-tags", "-a", is_flag=True, help="Push every tag of the repository.")
@click.option("--quiet", "-q", is_flag=True, help="Print the image's name only.")
@click.argument("image")
def push_command(image: str, all_tags: bool, quiet: bool) -> None:
    """Upload an image to a registry."""
    reference = Reference.parse(image)
    if all_tags and not reference.is_name_only:
        raise click.UsageError("tag can't be used with --all-tags/-a")
    if reference.digest is not None:
        raise click.UsageError("cannot push a digest reference")
    if not all_tags and reference.is_name_only and not quiet:
        say("Using default tag: latest")
    reference = reference if all_tags else reference.tagged()
    push(client(), reference, None if quiet else sys.stdout)
    if quiet:
        say(str(reference))


def push(daemon: Client, reference: Reference, output: TextIO | None) -> None:
    """Let the daemon push, with the user's credentials; progress goes to ``output``. Raises ApiError."""
    _follow(daemon, f"/images/{reference.name}/push", {"tag": reference.tag}, reference, output)


def _follow(daemon: Client, path: str, query: dict[str, Any], reference: Reference, output: TextIO | None) -> None:
    server = server_of(reference.domain)
    header = DockerConfig.of_user().auth(server).header(server)
    display = Display.on(output) if output is not None else Silent()
    with daemon.request("POST", path, query, headers={AUTH: header}) as response:
        display.show_all(response.json_stream())


class Silent(Display):
    """Shows nothing but errors."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def show(self, message: Any) -> None:
        pass


@click.command("search", cls=Command)
@click.argument("term")
@click.option("--filter", "-f", "given", multiple=True, metavar="KEY=VALUE", help="is-official, is-automated, stars.")
@click.option("--format", "template", metavar="TEMPLATE", help="table, json, 'table TEMPLATE' or a Go template.")
@click.option("--limit", type=int, default=0, metavar="N", help="At most N (100 is the most; 25).")
@click.option("--no-trunc", is_flag=True, help="Show descriptions whole.")
def search_command(term: str, given: tuple[str, ...], template: str | None, limit: int, no_trunc: bool) -> None:
    """Look for images in a registry (docker.io, or REGISTRY/TERM where one offers it)."""
    query = {"term": term, "limit": limit or None, "filters": filters(given)}
    rows = [
        {
            "Name": one["name"],
            "Description": _shown(one["description"], no_trunc),
            "StarCount": str(one["star_count"]),
            "IsOfficial": "[OK]" if one["is_official"] else "",
            "IsAutomated": "[OK]" if one["is_automated"] else "",
        }
        for one in client().get("/images/search", query)
    ]
    show(rows, SEARCH_COLUMNS, template, ("Name", "Description", "StarCount", "IsOfficial"))


def _shown(description: str, whole: bool) -> str:
    text = " ".join(description.split())
    return text if whole or len(text) <= _DESCRIPTION else f"{text[: _DESCRIPTION - 1]}…"
