"""Images: ``images``, ``history``, ``import``, ``load``, ``save``, ``tag``, ``rmi``."""

import datetime
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import click

from wherry.app.cli.command import Command, client
from wherry.app.cli.output import filters, short_id, shortened, show
from wherry.app.cli.parse.units import decimal_size, duration
from wherry.app.cli.printing import say
from wherry.app.client import ApiError

IMAGE_COLUMNS = {
    "Repository": "REPOSITORY",
    "Tag": "TAG",
    "Digest": "DIGEST",
    "ID": "IMAGE ID",
    "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT",
    "Size": "SIZE",
}
HISTORY_COLUMNS = {
    "ID": "IMAGE",
    "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT",
    "CreatedBy": "CREATED BY",
    "Size": "SIZE",
    "Comment": "COMMENT",
}
_CHUNK_BYTES = 1 << 20
_NONE = "<none>"


@click.command("images", cls=Command)
@click.argument("reference", required=False)
@click.option("--all", "-a", "everything", is_flag=True, help="Show intermediate images too.")
@click.option("--digests", is_flag=True, help="Show digests.")
@click.option("--filter", "-f", "given", multiple=True, metavar="KEY=VALUE", help="Show only what fits.")
@click.option("--format", "template", metavar="TEMPLATE", help="table, json, 'table TEMPLATE' or a Go template.")
@click.option("--no-trunc", is_flag=True, help="Show ids whole.")
@click.option("--quiet", "-q", is_flag=True, help="Show ids only.")
def images_command(
    reference: str | None, everything: bool, digests: bool, given: tuple[str, ...], template: str | None,
    no_trunc: bool, quiet: bool,
) -> None:  # fmt: skip
    """List images."""
    wanted = filters([*given, f"reference={reference}"] if reference else given)
    images = client().get("/images/json", {"all": everything or None, "filters": wanted})
    rows = [row for image in images for row in image_rows(image, time.time(), no_trunc, digests)]
    if quiet and not template:
        say("".join(f"{identity}\n" for identity in dict.fromkeys(row["ID"] for row in rows)), nl=False)
        return
    digest = ("Digest",) if digests else ()
    show(rows, IMAGE_COLUMNS, template, ("Repository", "Tag", *digest, "ID", "CreatedSince", "Size"))


def image_rows(image: Mapping[str, Any], now: float, whole: bool, digests: bool) -> Iterator[dict[str, str]]:
    """A row for each tag, or one for an image without (cli/command/formatter/image.go)."""
    by_repository = {
        name: digest for name, _, digest in (each.partition("@") for each in image.get("RepoDigests") or [])
    }
    names = [name.rpartition(":")[::2] for name in image.get("RepoTags") or [] if name != "<none>:<none>"]
    if not names:
        names = [(name, _NONE) for name in by_repository] or [(_NONE, _NONE)]
    for repository, tag in names:
        yield {
            "Repository": repository,
            "Tag": tag,
            "Digest": by_repository.get(repository, _NONE) if digests else _NONE,
            "ID": image["Id"] if whole else short_id(image["Id"]),
            "CreatedSince": f"{duration(now - image['Created'])} ago" if image["Created"] > 0 else "N/A",
            "CreatedAt": _time(image["Created"]),
            "Size": decimal_size(image["Size"], 3),
        }


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S %z %Z", time.localtime(seconds))


@click.command("history", cls=Command)
@click.argument("image")
@click.option("--format", "template", metavar="TEMPLATE", help="table, json, 'table TEMPLATE' or a Go template.")
@click.option("--human/--no-human", "-H", default=True, help="Sizes and dates for people.")
@click.option("--no-trunc", is_flag=True, help="Show everything whole.")
@click.option("--quiet", "-q", is_flag=True, help="Show ids only.")
def history_command(image: str, template: str | None, human: bool, no_trunc: bool, quiet: bool) -> None:
    """Show how an image was made."""
    steps = client().get(f"/images/{image}/history")
    rows = [_step(step, human, no_trunc) for step in steps]
    if quiet and not template:
        say("".join(f"{row['ID']}\n" for row in rows), nl=False)
        return
    show(rows, HISTORY_COLUMNS, template, ("ID", "CreatedSince", "CreatedBy", "Size", "Comment"))


def _step(step: Mapping[str, Any], human: bool, whole: bool) -> dict[str, str]:
    created = step["Created"]
    stamp = datetime.datetime.fromtimestamp(created, datetime.UTC).isoformat()
    command = step["CreatedBy"].replace("\t", " ")
    since = f"{duration(time.time() - created)} ago" if created > 0 else "N/A"
    return {
        "ID": step["Id"] if whole else short_id(step["Id"]),
        "CreatedSince": since if human else stamp,
        "CreatedAt": stamp,
        "CreatedBy": command if whole else shortened(command, 45),
        "Size": decimal_size(step["Size"], 3) if human else str(step["Size"]),
        "Comment": step["Comment"],
    }


@click.command("import", cls=Command)
@click.argument("source")
@click.argument("reference", required=False)
@click.option("--change", "-c", "changes", multiple=True, metavar="INSTRUCTION", help="Apply a Dockerfile instruction.")
@click.option("--message", "-m", metavar="TEXT", help="Comment of the image.")
@click.option("--platform", metavar="OS/ARCH", help="Platform of the image.")
def import_command(
    source: str, reference: str | None, changes: tuple[str, ...], message: str | None, platform: str | None
) -> None:
    """Make an image from a tar archive of a root file system (- reads stdin)."""
    repository, _, tag = _split(reference or "")
    query = {"fromSrc": "-", "repo": repository or None, "tag": tag or None, "changes": list(changes),
             "message": message, "platform": platform}  # fmt: skip
    with open_input(source) as archive, client().upload("/images/create", query, _pieces(archive)) as response:
        for progress in response.json_stream():
            _raise_error(progress)
            if "progressDetail" not in progress and progress.get("status"):
                say(progress["status"])


def _split(reference: str) -> tuple[str, str, str]:
    path, slash, last = reference.rpartition("/")
    name, colon, tag = last.partition(":")
    return f"{path}{slash}{name}", colon, tag


@click.command("load", cls=Command)
@click.option("--input", "-i", "source", default="-", metavar="FILE", help="Read from a file instead of stdin.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
def load_command(source: str, quiet: bool) -> None:
    """Load images from an archive (docker save, or an OCI layout in a tar)."""
    if source == "-" and sys.stdin.isatty():
        raise click.UsageError(
            "requested load from stdin, but stdin is empty: name a file with --input, or pipe one in"
        )
    with open_input(source) as archive, client().upload("/images/load", {"quiet": True}, _pieces(archive)) as response:
        for message in response.json_stream():
            _raise_error(message)
            if "stream" in message:
                say(message["stream"], nl=False)


@click.command("save", cls=Command)
@click.argument("images", nargs=-1, required=True)
@click.option("--output", "-o", "target", metavar="FILE", help="Write to a file instead of stdout.")
@click.option("--platform", metavar="OS/ARCH", help="Platform to save.")
def save_command(images: tuple[str, ...], target: str | None, platform: str | None) -> None:
    """Write images to a tar archive (Docker's format and an OCI layout in one)."""
    if target is None and sys.stdout.isatty():
        raise click.UsageError("cowardly refusing to save to a terminal. Use the -o flag or redirect")
    with client().request("GET", "/images/get", {"names": list(images), "platform": platform}) as response:
        if target is None:
            for piece in response.pieces():
                sys.stdout.buffer.write(piece)
            return
        partial = Path(f"{target}.part")
        with partial.open("wb") as file:
            for piece in response.pieces():
                file.write(piece)
        partial.replace(target)  # a broken save leaves what was there before


@click.command("tag", cls=Command)
@click.argument("source")
@click.argument("target")
def tag_command(source: str, target: str) -> None:
    """Give an image another name."""
    name, _, tag = _split(target)
    client().post(f"/images/{source}/tag", {"repo": name, "tag": tag or "latest"})


@click.command("rmi", cls=Command)
@click.argument("images", nargs=-1, required=True)
@click.option("--force", "-f", is_flag=True, help="Remove even when stopped containers use it.")
@click.option("--no-prune", is_flag=True, help="Keep untagged parents.")
def rmi_command(images: tuple[str, ...], force: bool, no_prune: bool) -> None:
    """Remove images."""
    failed = False
    for image in images:
        try:
            removed = client().delete(f"/images/{image}", {"force": force or None, "noprune": no_prune or None})
        except ApiError as error:
            say(f"Error response from daemon: {error.message}", err=True)
            failed = True
            continue
        for entry in removed:
            say(f"Deleted: {entry['Deleted']}" if "Deleted" in entry else f"Untagged: {entry['Untagged']}")
    if failed:
        sys.exit(1)


def open_input(source: str) -> BinaryIO:
    """A file, or stdin for ``-``."""
    try:
        return os.fdopen(os.dup(0), "rb") if source == "-" else Path(source).open("rb")
    except OSError as error:
        raise click.UsageError(f"open {source}: {(error.strerror or '').lower()}") from error


def _pieces(archive: BinaryIO) -> Iterator[bytes]:
    while piece := archive.read(_CHUNK_BYTES):
        yield piece


def _raise_error(message: Mapping[str, Any]) -> None:
    if "error" in message:
        raise ApiError(500, str(message["error"]))
