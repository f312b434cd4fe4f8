"""``image bootstrap``."""

import json
import sys
import tempfile
from pathlib import Path

import click

from wherry.app.cli.build import build_command, send
from wherry.app.cli.build_progress import progress
from wherry.app.cli.build_request import Files, upload_of
from wherry.app.cli.command import Command, client
from wherry.app.cli.printing import say


@click.command("bootstrap", cls=Command)
@click.argument("name")
@click.option("--tag", "-t", metavar="NAME:TAG", help="Name of the image (default: NAME, with its version as the tag).")
@click.option("--mirror", metavar="URL", help="Where Debian's packages come from (default: as this machine's apt).")
@click.option("--include", "packages", multiple=True, metavar="PACKAGE", help="Another Debian package.")
@click.option("--quiet", "-q", is_flag=True, help="Print the image's id only.")
def bootstrap_command(name: str, tag: str | None, mirror: str | None, packages: tuple[str, ...], quiet: bool) -> None:
    """Make a base image from this distribution's packages: busybox, or debian:SUITE. No registry is asked.

    The same versions of the packages give the same image.
    """
    from wherry.app.bootstrap import busybox, debian
    from wherry.app.bootstrap.model import Missing

    kind, _, suite = name.partition(":")
    with tempfile.TemporaryDirectory(prefix="wherry-bootstrap-") as scratch:
        directory = Path(scratch)
        try:
            if kind == "busybox" and not packages:
                root = busybox.make(directory)
            elif kind == "debian":
                root = debian.make(directory, suite or "stable", mirror or "", packages)
            else:
                raise click.ClickException(f"{name}: only busybox and debian:SUITE can be made from packages")
        except (Missing, ValueError, RuntimeError) as error:
            raise click.ClickException(str(error)) from error
        tags = [tag] if tag else [f"{kind}:{root.version}", *([name] if suite else [f"{kind}:latest"])]
        identity = _build(directory, root.archive.name, root.command, root.epoch_seconds, tags, quiet)
    say(identity if quiet else f"{', '.join(dict.fromkeys(tags))}: {identity}")


def _build(directory: Path, archive: str, command: tuple[str, ...], epoch: int, tags: list[str], quiet: bool) -> str:
    """The id of the image of the archive in ``directory``."""
    flags = build_command.make_context("bootstrap", ["."]).params
    (directory / "Dockerfile").write_text(f"FROM scratch\nADD {archive} /\nCMD {json.dumps(list(command))}\n")
    flags |= {"tag": tuple(dict.fromkeys(tags)), "build_arg": (f"SOURCE_DATE_EPOCH={epoch}",)}
    upload = upload_of(flags, Files(str(directory)))
    return str(send(client(), upload, progress("quiet" if quiet or not sys.stderr.isatty() else "tty"))["id"])
