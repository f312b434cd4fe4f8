"""The plugin's verbs."""

import json
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from wherry.app.buildx import METADATA, bake
from wherry.app.cli.build import build, build_command, metadata, prune_command
from wherry.app.cli.build_progress import progress
from wherry.app.cli.command import Command, client
from wherry.app.cli.entry import run as run_group
from wherry.app.cli.printing import say
from wherry.app.client import Client

_AT_ONCE = 4


@click.group(context_settings={"help_option_names": ["--help"]})
@click.option("--builder", hidden=True, expose_value=False)
@click.option("--debug", "-D", is_flag=True, hidden=True, expose_value=False)
@click.pass_context
def group(context: click.Context) -> None:
    """Build images with Wherry's builder."""
    context.ensure_object(dict)


@click.command("version", cls=Command)
def version_command() -> None:
    """Show the version."""
    say(f"github.com/docker/buildx {METADATA['Version']} wherry")


@click.command("ls", cls=Command)
def ls_command() -> None:
    """List builders: there is one, the engine's own."""
    say("NAME/NODE    DRIVER/ENDPOINT    STATUS    BUILDKIT    PLATFORMS")
    say("default*     docker             running   wherry      linux/amd64")


@click.command("inspect", cls=Command)
@click.argument("name", required=False)
@click.option("--bootstrap", is_flag=True)
def inspect_command(name: str | None, bootstrap: bool) -> None:
    """Describe the builder."""
    daemon = client()
    version = daemon.get("/version")
    say(f"Name:          {name or 'default'}\nDriver:        docker\n\nNodes:\nName:      {name or 'default'}")
    say(f"Endpoint:  {name or 'default'}\nStatus:    running\nPlatforms: linux/{version['Arch']}")


@click.command("bake", cls=Command)
@click.argument("targets", nargs=-1)
@click.option("--file", "-f", "files", multiple=True, metavar="FILE", help="Definition in JSON; - is standard input.")
@click.option("--progress", "kind", default="auto", metavar="KIND")
@click.option("--metadata-file", metavar="FILE", help="Write what was built there, as JSON.")
@click.option("--allow", multiple=True, metavar="RIGHT", help="Rights that steps may ask for.")
@click.option("--no-cache", is_flag=True)
@click.option("--pull", is_flag=True)
@click.option("--push", is_flag=True)
@click.option("--load", is_flag=True)
@click.option("--set", "overrides", multiple=True, metavar="TARGET.KEY=VALUE")
@click.option("--print", "only_print", is_flag=True, help="Print the definition and build nothing.")
@click.option("--provenance", metavar="false")
@click.option("--sbom", metavar="false")
def bake_command(targets: tuple[str, ...], files: tuple[str, ...], **flags: Any) -> None:
    """Build several images that a file describes."""
    with _explained():
        texts = [sys.stdin.read() if name == "-" else Path(name).read_text() for name in files]
        definition = bake.parse(texts, flags["overrides"])
        wanted = bake.wanted(definition, targets)
    if flags["only_print"]:
        say(json.dumps({"target": {name: definition.targets[name] for name in wanted}}, indent=2))
        return
    daemon = client()
    built = _build_all(daemon, definition, wanted, flags)
    if flags["metadata_file"]:
        Path(flags["metadata_file"]).write_text(json.dumps(built, indent=2))


@contextmanager
def _explained() -> Iterator[None]:
    """What a definition says wrongly ends the command with a message."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _build_all(
    daemon: Client, definition: bake.Definition, wanted: list[str], flags: Mapping[str, Any]
) -> dict[str, Any]:
    """Build in parallel what does not need another target; the metadata by target."""
    at_once = _AT_ONCE if flags["kind"] == "rawjson" else 1
    defaults = build_command.make_context("bake", ["."]).params
    built: dict[str, Any] = {}
    for generation in bake.generations(definition, wanted):
        with _explained():
            own = [bake.flags_of(definition.targets[name], built) for name in generation]
        with ThreadPoolExecutor(at_once) as pool:
            results = pool.map(
                lambda name, own: _build_one(daemon, name, own[0], {**defaults, **own[1]}, flags), generation, own
            )
            built |= dict(zip(generation, results, strict=True))
    return built


def _build_one(
    daemon: Client, name: str, context: str, merged: dict[str, Any], flags: Mapping[str, Any]
) -> dict[str, Any]:
    rights = [right for right in flags["allow"] if not right.startswith("fs")]
    merged |= {key: True for key in ("no_cache", "pull", "push") if flags[key]}
    merged["allow"] = [*merged["allow"], *rights]
    return metadata(build(daemon, context, merged, progress(flags["kind"], name=name)))


for _command in (build_command, bake_command, version_command, ls_command, inspect_command, prune_command):
    group.add_command(_command)


def run(arguments: list[str], environment: Mapping[str, str]) -> NoReturn:
    """Run a command line, and exit as buildx would."""
    run_group(group, arguments, "docker buildx")
