"""``run`` and ``create``."""

import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from wherry.app.cli import create_body, terminal
from wherry.app.cli.command import Command, client
from wherry.app.cli.create_options import create_options
from wherry.app.cli.errors import NOT_STARTED, start_status
from wherry.app.cli.printing import say
from wherry.app.cli.session import follow
from wherry.app.client import ApiError, Client, Unreachable

_CONTEXT = {"allow_interspersed_args": False, "ignore_unknown_options": False}


@click.command("create", cls=Command, context_settings=_CONTEXT)
@create_options
@click.argument("image")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def create_command(image: str, command: tuple[str, ...], **flags: Any) -> None:
    """Create a container without starting it, and print its id."""
    say(create(client(), image, command, flags))


@click.command("run", cls=Command, context_settings=_CONTEXT)
@click.option("--detach", "-d", is_flag=True, help="Run in the background and print the id.")
@click.option("--sig-proxy/--no-sig-proxy", default=True, help="Pass signals on to the process.")
@click.option("--detach-keys", metavar="KEYS", default=terminal.DEFAULT_DETACH_KEYS, help="Keys that detach.")
@create_options
@click.argument("image")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def run_command(
    image: str, command: tuple[str, ...], detach: bool, sig_proxy: bool, detach_keys: str, **flags: Any
) -> None:
    """Create a container from an image and run a command in it."""
    flags["detach"] = detach
    _check(flags, detach)
    daemon = client()
    try:
        identity = create(daemon, image, command, flags)
    except Unreachable as error:
        say(f"wherry: {error}", err=True)
        sys.exit(NOT_STARTED)
    except ApiError as error:
        _fail(error, NOT_STARTED)
    try:
        if detach:
            daemon.post(f"/containers/{identity}/start")
            say(identity)
            return
        status = _foreground(daemon, identity, flags, sig_proxy, detach_keys)
    except ApiError as error:
        _fail(error, start_status(error.message))
    sys.exit(status)


def create(daemon: Client, image: str, command: tuple[str, ...], flags: dict[str, Any]) -> str:
    """Create the container and return its id; warnings go to stderr, the id to ``--cidfile``."""
    try:
        body = create_body.body(image, command, flags)
    except ValueError as error:
        raise click.UsageError(str(error), click.get_current_context()) from error
    cidfile = _reserve(flags["cidfile"])
    query = {"name": flags["name"], "platform": flags["platform"]}
    if flags["pull"] == "always":
        _pull(daemon, image, flags)
    try:
        answer = daemon.post("/containers/create", query, body)
    except ApiError as error:
        # Only a missing image is answered so (DOCKER-compatible daemons answer 404 for nothing else here).
        if error.status != 404 or flags["pull"] != "missing":
            raise
        say(f"Unable to find image '{image}' locally", err=True)
        _pull(daemon, image, flags)
        answer = daemon.post("/containers/create", query, body)
    for warning in answer.get("Warnings") or []:
        say(f"WARNING: {warning}", err=True)
    if cidfile is not None:
        cidfile.write_text(answer["Id"])
    return str(answer["Id"])


def _check(flags: dict[str, Any], detach: bool) -> None:
    if detach and flags["attach"]:
        raise click.UsageError("Conflicting options: -a and -d")
    if flags["tty"] and flags["interactive"] and not detach and not sys.stdin.isatty():
        raise click.UsageError("the input device is not a TTY")


def _reserve(path: str | None) -> Path | None:
    if not path:
        return None
    file = Path(path)
    try:
        file.touch(exist_ok=False)
    except FileExistsError:
        raise click.UsageError(
            f"container ID file found, make sure the other container isn't running or delete {path}"
        ) from None
    except OSError as error:
        raise click.UsageError(f"failed to create the container ID file {path}: {error.strerror}") from error
    return file


def _pull(daemon: Client, image: str, flags: dict[str, Any]) -> None:
    from wherry.app.cli.distribution import pull
    from wherry.oci.reference import Reference

    pull(daemon, Reference.parse(image).tagged(), flags["platform"], None if flags["quiet"] else sys.stderr)


def _foreground(daemon: Client, identity: str, flags: dict[str, Any], sig_proxy: bool, detach_keys: str) -> int:
    """Attach, start, stay until the container ends; its exit status."""
    keys = terminal.parse_detach_keys(detach_keys)
    stdin, stdout, stderr = create_body.attached(flags, detach=False)
    query = {"stream": True, "stdin": stdin, "stdout": stdout, "stderr": stderr, "detachKeys": detach_keys}
    attachment = daemon.hijack(f"/containers/{identity}/attach", query)
    condition = "removed" if flags["rm"] else "next-exit"
    waiting = daemon.request("POST", f"/containers/{identity}/wait", {"condition": condition})
    try:
        daemon.post(f"/containers/{identity}/start")
    except ApiError:
        attachment.connection.close()
        if flags["rm"]:
            waiting.read()
        raise
    return follow(
        daemon,
        identity,
        attachment,
        waiting,
        tty=flags["tty"],
        stdin=stdin,
        keys=keys,
        sig_proxy=sig_proxy and not flags["tty"],
    )


def _fail(error: ApiError, status: int) -> NoReturn:
    say(f"wherry: Error response from daemon: {error.message}", err=True)
    say("\nRun 'wherry run --help' for more information", err=True)
    sys.exit(status)
