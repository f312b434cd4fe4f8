"""``system``: docker's other spelling of ``events`` and ``info``; what takes the disk, and how to get it back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from wherry.app.cli.command import Command, LazyGroup, client
from wherry.app.cli.lifecycle import confirm
from wherry.app.cli.output import filters, show
from wherry.app.cli.parse.units import decimal_size
from wherry.app.cli.printing import say
from wherry.app.client import Client

VERBS = {
    "df": "diskusage:df_command",
    "events": "system:events_command",
    "info": "system:info_command",
    "prune": "diskusage:prune_command",
}
system_command = LazyGroup("system", modules=VERBS, help="The engine: what happens, what it is, what it takes.")

COLUMNS = {
    "Type": "TYPE",
    "TotalCount": "TOTAL",
    "Active": "ACTIVE",
    "Size": "SIZE",
    "Reclaimable": "RECLAIMABLE",
}
Row = dict[str, Any]


@click.command("df", cls=Command)
@click.option("--format", "template", metavar="TEMPLATE", help="table, json, 'table TEMPLATE' or a Go template.")
def df_command(template: str | None) -> None:
    """Show what takes how much disk, and how much of it pruning would free."""
    show(usage(client().get("/system/df")), COLUMNS, template, tuple(COLUMNS))


def usage(found: Mapping[str, Any]) -> list[Row]:
    """A row a kind of thing; the sums are docker's (cli formatter/disk_usage.go). Pure."""
    images, containers = found["Images"] or (), found["Containers"] or ()
    volumes, steps = found["Volumes"] or (), found["BuildCache"] or ()
    needed = [image for image in images if image["Containers"] > 0]
    layers = found["LayersSize"]
    kept = sum(image["Size"] - image["SharedSize"] for image in needed)
    running = [one for one in containers if one["State"] in ("running", "paused", "restarting")]
    attached = [volume for volume in volumes if volume["UsageData"]["RefCount"] > 0]
    own = [step for step in steps if not step["Shared"]]
    return [
        _row("Images", len(images), len(needed), layers, layers - kept),
        _row("Containers", len(containers), len(running), *_sums(containers, running, _written)),
        _row("Local Volumes", len(volumes), len(attached), *_sums(volumes, attached, _held)),
        _row("Build Cache", len(steps), sum(step["InUse"] for step in steps), *_sums(own, (), _step)),
    ]


def _sums(
    things: Sequence[Mapping[str, Any]], used: Sequence[Mapping[str, Any]], size: Callable[[Mapping[str, Any]], int]
) -> tuple[int, int]:
    """The size of all, and of those that are not used."""
    total = sum(map(size, things))
    return total, total - sum(map(size, used))


def _written(container: Mapping[str, Any]) -> int:
    return int(container.get("SizeRw", 0))


def _held(volume: Mapping[str, Any]) -> int:
    return max(int(volume["UsageData"]["Size"]), 0)


def _step(step: Mapping[str, Any]) -> int:
    return int(step["Size"])


def _row(kind: str, count: int, active: int, size: int, free: int) -> Row:
    share = f" ({free * 100 // size}%)" if size else ""
    return {
        "Type": kind,
        "TotalCount": str(count),
        "Active": str(active),
        "Size": decimal_size(size),
        "Reclaimable": f"{decimal_size(free)}{share}",
    }


@click.command("prune", cls=Command)
@click.option("--all", "-a", "everything", is_flag=True, help="All images that no container uses, and all build cache.")
@click.option("--volumes", is_flag=True, help="Anonymous volumes too.")
@click.option("--filter", "given", multiple=True, metavar="KEY=VALUE", help="Remove only what fits (until, label).")
@click.option("--force", "-f", is_flag=True, help="Do not ask.")
def prune_command(everything: bool, volumes: bool, given: tuple[str, ...], force: bool) -> None:
    """Remove stopped containers, and images and build cache that nothing uses."""
    if volumes and any(text.startswith("until=") for text in given):
        raise click.UsageError('the "until" filter is not supported with --volumes')
    images = "images without at least one container associated to them" if everything else "dangling images"
    kinds = ["stopped containers", *(["anonymous volumes that no container uses"] if volumes else []), images]
    confirm(force, f"This will remove all {', '.join(kinds)} and build cache that nothing uses.")
    freed = _prune(client(), everything, volumes, given)
    say(f"Total reclaimed space: {decimal_size(freed)}")


def _prune(daemon: Client, everything: bool, volumes: bool, given: Sequence[str]) -> int:
    """Bytes that went. Containers first: what they use can go then."""
    chosen = filters(given)
    ages = filters([text for text in given if text.startswith("until=")])
    wanted = filters([*given, f"dangling={'false' if everything else 'true'}"])
    asked: list[tuple[str, dict[str, Any], str, str]] = [
        ("/containers/prune", {"filters": chosen}, "ContainersDeleted", "Containers"),
        *([("/volumes/prune", {"filters": chosen}, "VolumesDeleted", "Volumes")] if volumes else []),
        ("/images/prune", {"filters": wanted}, "ImagesDeleted", "Images"),
        ("/build/prune", {"filters": ages, "all": everything or None}, "CachesDeleted", "build cache objects"),
    ]
    freed = 0
    for path, query, key, title in asked:
        result = daemon.post(path, query)
        freed += result["SpaceReclaimed"]
        if result[key]:
            say(f"Deleted {title}:\n" + "".join(f"{_named(entry)}\n" for entry in result[key]))
    return freed


def _named(entry: Any) -> str:  # a name, or what images are told as
    if isinstance(entry, str):
        return entry
    return f"deleted: {entry['Deleted']}" if entry.get("Deleted") else f"untagged: {entry['Untagged']}"
