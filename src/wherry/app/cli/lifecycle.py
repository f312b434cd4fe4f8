"""Commands that do one thing to each container named: start, stop, restart, kill, pause, unpause, rm, rename, wait."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from wherry.app.cli import terminal
from wherry.app.cli.command import Command, client
from wherry.app.cli.printing import say
from wherry.app.client import ApiError, Client

_NAMES = click.argument("containers", nargs=-1, required=True)
_TIME = click.option(
    "--timeout", "--time", "-t", type=int, metavar="SECONDS", help="Wait so long before killing; -1: for ever."
)
_SIGNAL = click.option("--signal", "-s", metavar="SIGNAL", help="Signal to send.")


def each(names: Sequence[str], act: Callable[[str], Any]) -> None:
    """Do it to every one, print what ``act`` answers (None: the name), say what failed, exit 1 when something did."""
    failed = False
    for name in names:
        try:
            answer = act(name)
        except ApiError as error:
            say(f"Error response from daemon: {error.message}", err=True)
            failed = True
        else:
            say(name if answer is None else answer)
    if failed:
        sys.exit(1)


@click.command("start", cls=Command)
@click.option("--attach", "-a", is_flag=True, help="Attach to its output and pass signals on.")
@click.option("--interactive", "-i", is_flag=True, help="Attach to its stdin.")
@click.option("--detach-keys", metavar="KEYS", default=terminal.DEFAULT_DETACH_KEYS, help="Keys that detach.")
@_NAMES
def start_command(containers: tuple[str, ...], attach: bool, interactive: bool, detach_keys: str) -> None:
    """Start stopped containers."""
    daemon = client()
    if not attach and not interactive:
        each(containers, lambda name: daemon.post(f"/containers/{name}/start"))
        return
    if len(containers) > 1:
        raise click.UsageError("you cannot start and attach multiple containers at once")
    sys.exit(_start_attached(daemon, containers[0], interactive, detach_keys))


def _start_attached(daemon: Client, name: str, interactive: bool, detach_keys: str) -> int:
    from wherry.app.cli.session import follow

    details = daemon.get(f"/containers/{name}/json")
    identity, config = details["Id"], details["Config"]
    stdin = interactive and config["OpenStdin"]
    keys = terminal.parse_detach_keys(detach_keys)
    query = {"stream": True, "stdin": stdin, "stdout": True, "stderr": True, "detachKeys": detach_keys}
    attachment = daemon.hijack(f"/containers/{identity}/attach", query)
    condition = "removed" if details["HostConfig"].get("AutoRemove") else "next-exit"
    waiting = daemon.request("POST", f"/containers/{identity}/wait", {"condition": condition})
    daemon.post(f"/containers/{identity}/start")
    tty = config["Tty"]
    return follow(daemon, identity, attachment, waiting, tty=tty, stdin=stdin, keys=keys, sig_proxy=not tty)


@click.command("stop", cls=Command)
@_SIGNAL
@_TIME
@_NAMES
def stop_command(containers: tuple[str, ...], timeout: int | None, signal: str | None) -> None:
    """Ask containers to end, and kill them when they do not."""
    query = {"t": timeout, "signal": signal}
    each(containers, lambda name: client().post(f"/containers/{name}/stop", query))


@click.command("restart", cls=Command)
@_SIGNAL
@_TIME
@_NAMES
def restart_command(containers: tuple[str, ...], timeout: int | None, signal: str | None) -> None:
    """Stop and start containers."""
    query = {"t": timeout, "signal": signal}
    each(containers, lambda name: client().post(f"/containers/{name}/restart", query))


@click.command("kill", cls=Command)
@click.option("--signal", "-s", metavar="SIGNAL", default="KILL", help="Signal to send.")
@_NAMES
def kill_command(containers: tuple[str, ...], signal: str) -> None:
    """Send a signal to containers."""
    each(containers, lambda name: client().post(f"/containers/{name}/kill", {"signal": signal}))


@click.command("pause", cls=Command)
@_NAMES
def pause_command(containers: tuple[str, ...]) -> None:
    """Freeze all processes of containers."""
    each(containers, lambda name: client().post(f"/containers/{name}/pause"))


@click.command("unpause", cls=Command)
@_NAMES
def unpause_command(containers: tuple[str, ...]) -> None:
    """Let frozen processes go on."""
    each(containers, lambda name: client().post(f"/containers/{name}/unpause"))


@click.command("rm", cls=Command)
@click.option("--force", "-f", is_flag=True, help="Kill what runs.")
@click.option("--link", "-l", is_flag=True, help="Remove a link, not the container.")
@click.option("--volumes", "-v", is_flag=True, help="Remove anonymous volumes too.")
@_NAMES
def rm_command(containers: tuple[str, ...], force: bool, link: bool, volumes: bool) -> None:
    """Remove containers."""
    query = {"force": force or None, "link": link or None, "v": volumes or None}
    daemon = client()

    def remove(name: str) -> None:
        try:
            daemon.delete(f"/containers/{name}", query)
        except ApiError as error:
            if not (force and error.status == 404):  # docker rm -f of what is not there: done
                raise

    each(containers, remove)


@click.command("rename", cls=Command)
@click.argument("container")
@click.argument("name")
def rename_command(container: str, name: str) -> None:
    """Give a container another name."""
    client().post(f"/containers/{container}/rename", {"name": name})


@click.command("wait", cls=Command)
@_NAMES
def wait_command(containers: tuple[str, ...]) -> None:
    """Wait until containers end, and print their exit statuses."""

    def wait(name: str) -> str:
        result = client().post(f"/containers/{name}/wait")
        if result.get("Error"):
            raise ApiError(500, str(result["Error"]["Message"]))
        return str(result["StatusCode"])

    each(containers, wait)


@click.command("prune", cls=Command)
@click.option("--force", "-f", is_flag=True, help="Do not ask.")
@click.option("--filter", "given", multiple=True, metavar="KEY=VALUE", help="Remove only what fits (until, label).")
def prune_command(force: bool, given: tuple[str, ...]) -> None:
    """Remove all stopped containers."""
    from wherry.app.cli.output import filters
    from wherry.app.cli.parse.units import decimal_size

    confirm(force, "This will remove all stopped containers.")
    result = client().post("/containers/prune", {"filters": filters(given)})
    if result["ContainersDeleted"]:
        say("Deleted Containers:")
        say("".join(f"{identity}\n" for identity in result["ContainersDeleted"]))
    say(f"Total reclaimed space: {decimal_size(result['SpaceReclaimed'])}")


def confirm(force: bool, what: str) -> None:
    """Ask before something is removed; answering no ends the command."""
    if not force and not click.confirm(f"WARNING! {what}\nAre you sure you want to continue?"):
        raise click.Abort
