"""``events``, ``info``, ``version``: the daemon itself."""

import datetime
from collections.abc import Mapping
from typing import Any

import click

from wherry import __version__
from wherry.app.cli.command import Command, client
from wherry.app.cli.output import filters
from wherry.app.cli.parse.units import binary_size
from wherry.app.cli.printing import say
from wherry.app.client import API_VERSION, ApiError, Unreachable

_FORMAT = click.option("--format", "-f", "template", metavar="TEMPLATE", help="json, or a Go template.")


def formatted(template: str, value: Any) -> str:  # any JSON
    """``value`` through a Go template; ``json`` is short for ``{{json .}}``. Raises UsageError."""
    from wherry.app.cli.template import render
    from wherry.app.cli.template_syntax import TemplateError

    try:
        return render("{{json .}}" if template == "json" else template, value)
    except TemplateError as error:
        raise click.UsageError(f"template parsing error: {error}") from error


@click.command("version", cls=Command)
@_FORMAT
def version_command(template: str | None) -> None:
    """Show the versions of command and daemon."""
    mine = {"Version": __version__, "ApiVersion": API_VERSION.removeprefix("v"), "Os": "linux"}
    server, fault = None, None
    try:
        server = client().get("/version")
    except (Unreachable, ApiError) as error:
        fault = error
    if template:
        say(formatted(template, {"Client": mine, "Server": server}))
    else:
        say(f"Client: Wherry\n Version:     {mine['Version']}\n API version: {mine['ApiVersion']}")
        if server:
            say(
                f"\nServer: Wherry\n Version:     {server['Version']}\n API version: {server['ApiVersion']} "
                f"(minimum version {server['MinAPIVersion']})\n OS/Arch:     {server['Os']}/{server['Arch']}\n"
                f" Kernel:      {server['KernelVersion']}"
            )
    if fault is not None:
        raise fault


@click.command("info", cls=Command)
@_FORMAT
def info_command(template: str | None) -> None:
    """Show what the daemon knows of itself and its machine."""
    found = client().get("/info")
    if template:
        say(formatted(template, found))
        return
    lines = [
        ("Containers", found["Containers"]),
        (" Running", found["ContainersRunning"]),
        (" Paused", found["ContainersPaused"]),
        (" Stopped", found["ContainersStopped"]),
        ("Images", found["Images"]),
        ("Server Version", found["ServerVersion"]),
        ("Storage Driver", found["Driver"]),
        ("Logging Driver", found["LoggingDriver"]),
        ("Cgroup Driver", found["CgroupDriver"]),
        ("Cgroup Version", found.get("CgroupVersion", "1")),
        ("Runtimes", " ".join(sorted(found.get("Runtimes") or {}))),
        ("Default Runtime", found.get("DefaultRuntime", "")),
        ("Security Options", " ".join(found.get("SecurityOptions") or [])),
        ("Kernel Version", found["KernelVersion"]),
        ("Operating System", found["OperatingSystem"]),
        ("Architecture", found["Architecture"]),
        ("CPUs", found["NCPU"]),
        ("Total Memory", binary_size(found["MemTotal"])),
        ("Name", found["Name"]),
        ("ID", found["ID"]),
        ("Root Dir", found["DockerRootDir"]),
    ]
    say("".join(f"{name}: {value}\n" for name, value in lines), nl=False)
    for warning in found.get("Warnings") or []:
        say(warning, err=True)


@click.command("events", cls=Command)
@click.option("--filter", "-f", "given", multiple=True, metavar="KEY=VALUE", help="Show only what fits.")
@click.option("--format", "template", metavar="TEMPLATE", help="json, or a Go template.")
@click.option("--since", metavar="TIME", help="From a time or a while ago (42m).")
@click.option("--until", metavar="TIME", help="Up to a time or a while ago.")
def events_command(given: tuple[str, ...], template: str | None, since: str | None, until: str | None) -> None:
    """Show what happens, as it happens."""
    from wherry.app.cli.streams import moment

    query = {"filters": filters(given), "since": moment(since), "until": moment(until)}
    with client().request("GET", "/events", query) as response:
        for event in response.json_stream():
            say(formatted(template, event) if template else shown_event(event))


def shown_event(event: Mapping[str, Any]) -> str:
    """``TIME TYPE ACTION ID (key=value, …)`` (cli/command/system/events.go)."""
    nanoseconds = int(event["timeNano"])
    moment = datetime.datetime.fromtimestamp(nanoseconds // 10**9).astimezone()
    stamp = _stamp(moment, nanoseconds)
    actor = event["Actor"]
    attributes = ", ".join(f"{key}={value}" for key, value in sorted((actor.get("Attributes") or {}).items()))
    return f"{stamp} {event['Type']} {event['Action']} {actor['ID']}{f' ({attributes})' if attributes else ''}"


def _stamp(moment: datetime.datetime, nanoseconds: int) -> str:
    """RFC 3339 with nanoseconds, in local time."""
    whole = moment.replace(microsecond=0).isoformat()
    return f"{whole[:19]}.{nanoseconds % 10**9:09d}{whole[19:].replace('+00:00', 'Z')}"
