"""``exec``, ``attach``, ``logs``: a container's streams."""

import os
import sys
import time
from typing import Any

import click

from wherry.app.cli import terminal
from wherry.app.cli.command import Command, client
from wherry.app.cli.interaction import MULTIPLEXED, Demultiplexer, Detached, Streams, write_all
from wherry.app.cli.parse.environment import environment
from wherry.app.cli.parse.units import nanoseconds_of
from wherry.app.cli.printing import say
from wherry.app.cli.session import follow, quietly
from wherry.app.client import Client

_KEYS = click.option("--detach-keys", metavar="KEYS", default=terminal.DEFAULT_DETACH_KEYS, help="Keys that detach.")
# What a program gets that was ended by its terminal: the engine reports it when an exec could not be watched.
_LOST = 1


@click.command("exec", cls=Command, context_settings={"allow_interspersed_args": False})
@click.option("--detach", "-d", is_flag=True, help="Run in the background.")
@_KEYS
@click.option("--env", "-e", "variables", multiple=True, metavar="KEY[=VALUE]", help="Set an environment variable.")
@click.option("--env-file", "files", multiple=True, metavar="FILE", help="Read environment variables from a file.")
@click.option("--interactive", "-i", is_flag=True, help="Keep stdin open.")
@click.option("--privileged", is_flag=True, help="All capabilities.")
@click.option("--tty", "-t", is_flag=True, help="Allocate a terminal.")
@click.option("--user", "-u", metavar="USER[:GROUP]", help="Name or id of user and group.")
@click.option("--workdir", "-w", metavar="DIR", help="Working directory.")
@click.argument("container")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_command(container: str, command: tuple[str, ...], detach: bool, detach_keys: str, **flags: Any) -> None:
    """Run a command in a running container."""
    daemon = client()
    if flags["tty"] and flags["interactive"] and not detach and not sys.stdin.isatty():
        raise click.UsageError("the input device is not a TTY")
    body = _exec_body(command, detach, detach_keys, flags)
    identity = daemon.post(f"/containers/{container}/exec", None, body)["Id"]
    start: dict[str, object] = {"Detach": detach, "Tty": flags["tty"]}
    if detach:
        daemon.post(f"/exec/{identity}/start", None, start)
        return
    if flags["tty"] and (size := terminal.size()):
        start["ConsoleSize"] = list(size)
    sys.exit(_run_exec(daemon, identity, start, detach_keys, flags))


def _exec_body(command: tuple[str, ...], detach: bool, keys: str, flags: dict[str, Any]) -> dict[str, object]:
    try:
        variables = environment(flags["variables"], flags["files"], os.environ)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return {
        "Cmd": list(command),
        "AttachStdin": flags["interactive"] and not detach,
        "AttachStdout": not detach,
        "AttachStderr": not detach,
        "Tty": flags["tty"],
        "Env": variables,
        "User": flags["user"] or "",
        "WorkingDir": flags["workdir"] or "",
        "Privileged": flags["privileged"],
        "DetachKeys": keys,
    }


def _run_exec(daemon: Client, identity: str, start: dict[str, object], keys: str, flags: dict[str, Any]) -> int:
    codes = terminal.parse_detach_keys(keys)
    response = daemon.hijack(f"/exec/{identity}/start", None, start)

    def resize(rows: int, columns: int) -> None:
        quietly(daemon, f"/exec/{identity}/resize", {"h": rows, "w": columns})

    stdin = sys.stdin.fileno() if flags["interactive"] else None
    try:
        Streams(response, flags["tty"], stdin, codes, resize if flags["tty"] else None).run()
    except Detached:
        say("read escape sequence", err=True)
        return 1
    code = daemon.get(f"/exec/{identity}/json")["ExitCode"]
    return _LOST if code is None else int(code)


@click.command("attach", cls=Command)
@_KEYS
@click.option("--no-stdin", is_flag=True, help="Do not attach stdin.")
@click.option("--sig-proxy/--no-sig-proxy", default=True, help="Pass signals on to the process.")
@click.argument("container")
def attach_command(container: str, detach_keys: str, no_stdin: bool, sig_proxy: bool) -> None:
    """Connect to a running container's streams."""
    daemon = client()
    details = daemon.get(f"/containers/{container}/json")
    if not details["State"]["Running"]:
        raise click.UsageError(f"cannot attach to a stopped container, start {container} first")
    if details["State"]["Paused"]:
        raise click.UsageError("cannot attach to a paused container, unpause it first")
    identity, tty = details["Id"], details["Config"]["Tty"]
    stdin = details["Config"]["OpenStdin"] and not no_stdin
    if tty and stdin and not sys.stdin.isatty():
        raise click.UsageError("the input device is not a TTY")
    waiting = daemon.request("POST", f"/containers/{identity}/wait")
    query = {"stream": True, "stdin": stdin, "stdout": True, "stderr": True, "detachKeys": detach_keys}
    attachment = daemon.hijack(f"/containers/{identity}/attach", query)
    keys = terminal.parse_detach_keys(detach_keys)
    status = follow(
        daemon, identity, attachment, waiting, tty=tty, stdin=stdin, keys=keys, sig_proxy=sig_proxy and not tty
    )
    sys.exit(status)


@click.command("logs", cls=Command)
@click.option("--details", is_flag=True, help="Show what --log-opt added to each line.")
@click.option("--follow", "-f", is_flag=True, help="Go on as lines are written.")
@click.option("--since", metavar="TIME", help="From a time (2024-01-02T13:23:37Z) or a while ago (42m).")
@click.option("--tail", "-n", default="all", metavar="N", help="The last N lines.")
@click.option("--timestamps", "-t", is_flag=True, help="Show times.")
@click.option("--until", metavar="TIME", help="Up to a time or a while ago.")
@click.argument("container")
def logs_command(
    container: str, details: bool, follow: bool, since: str | None, tail: str, timestamps: bool, until: str | None
) -> None:
    """Show what a container has written."""
    query = {
        "stdout": True, "stderr": True, "follow": follow or None, "tail": tail, "timestamps": timestamps or None,
        "details": details or None, "since": moment(since), "until": moment(until),
    }  # fmt: skip
    with client().request("GET", f"/containers/{container}/logs", query) as response:
        if response.headers.get("content-type") != MULTIPLEXED:
            for piece in response.pieces():
                write_all(1, piece)
            return
        demultiplexer = Demultiplexer()
        for piece in response.pieces():
            for stream, payload in demultiplexer.feed(piece):
                write_all(stream, payload)


def moment(text: str | None, now: float | None = None) -> str | None:
    """A time as the API takes it, seconds since 1970 with a fraction: from RFC 3339, Unix seconds, or ``42m`` ago.

    Raises UsageError. (docker/cli does the same before it asks: moby api/types/time.GetTimestamp.)
    """
    if text is None or not text.strip():
        return None
    if text.isascii() and text.replace(".", "", 1).isdigit():  # "¹" is a digit to Python, too, but no number
        return text
    try:
        return f"{(time.time() if now is None else now) - nanoseconds_of(text) / 1e9:.9f}"
    except ValueError:
        pass
    import datetime

    try:
        parsed = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        raise click.UsageError(f"invalid time {text!r}: RFC 3339, Unix seconds or a duration such as 42m") from None
    return f"{parsed.timestamp():.9f}"
