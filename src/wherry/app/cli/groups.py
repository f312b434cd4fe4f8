"""``container`` and ``image``: docker's other spelling of the verbs."""

import click

from wherry.app.cli.command import Command, LazyGroup, client
from wherry.app.cli.lifecycle import confirm
from wherry.app.cli.output import filters
from wherry.app.cli.parse.units import decimal_size
from wherry.app.cli.printing import say

CONTAINER_VERBS = {
    **{name: f"run:{name}_command" for name in ("create", "run")},
    **{name: f"streams:{name}_command" for name in ("attach", "exec", "logs")},
    **{name: f"details:{name}_command" for name in ("port", "stats", "top", "update")},
    **{name: f"files:{name}_command" for name in ("commit", "cp", "diff", "export")},
    **{
        name: f"lifecycle:{name}_command"
        for name in ("kill", "pause", "prune", "rename", "restart", "rm", "start", "stop", "unpause", "wait")
    },
    "remove": "lifecycle:rm_command",
    "inspect": "inspect:container_inspect",
    **dict.fromkeys(("ls", "list", "ps"), "ps:ps_command"),
}
IMAGE_VERBS = {
    **{name: f"images:{name}_command" for name in ("history", "import", "load", "save", "tag")},
    **{name: f"distribution:{name}_command" for name in ("pull", "push")},
    **dict.fromkeys(("ls", "list"), "images:images_command"),
    **dict.fromkeys(("rm", "remove"), "images:rmi_command"),
    "bootstrap": "bootstrap:bootstrap_command",
    "build": "build:build_command",
    "inspect": "inspect:image_inspect",
    "prune": "groups:image_prune",
}
container_command = LazyGroup("container", modules=CONTAINER_VERBS, help="Containers.")
image_command = LazyGroup("image", modules=IMAGE_VERBS, help="Images.")


@click.command("prune", cls=Command)
@click.option("--all", "-a", "everything", is_flag=True, help="All that no container uses, not only untagged ones.")
@click.option("--filter", "given", multiple=True, metavar="KEY=VALUE", help="Remove only what fits (until, label).")
@click.option("--force", "-f", is_flag=True, help="Do not ask.")
def image_prune(everything: bool, given: tuple[str, ...], force: bool) -> None:
    """Remove images that nothing uses."""
    what = "images without at least one container associated to them" if everything else "dangling images"
    confirm(force, f"This will remove all {what}.")
    result = client().post(
        "/images/prune", {"filters": filters([*given, f"dangling={'false' if everything else 'true'}"])}
    )
    for entry in result["ImagesDeleted"] or []:
        say(f"deleted: {entry['Deleted']}" if entry.get("Deleted") else f"untagged: {entry['Untagged']}")
    say(f"Total reclaimed space: {decimal_size(result['SpaceReclaimed'])}")
