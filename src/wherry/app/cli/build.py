"""``build`` and ``builder prune``."""

import base64
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from wherry.app.cli.build_outputs import Output, deliver, parse_output
from wherry.app.cli.build_progress import Progress, progress
from wherry.app.cli.build_request import Files, Upload, upload_of
from wherry.app.cli.command import Command, LazyGroup, client
from wherry.app.cli.lifecycle import confirm
from wherry.app.cli.output import filters
from wherry.app.cli.parse.units import bytes_of, decimal_size
from wherry.app.cli.printing import say
from wherry.app.client import ApiError, Client

builder_command = LazyGroup(
    "builder",
    modules={"build": "build:build_command", "prune": "build:prune_command"},
    help="The builder and its cache.",
)


def _many(*names: str, **more: Any) -> Callable[[Any], Any]:  # click's own
    return click.option(*names, multiple=True, **more)


OPTIONS = [
    click.option("--file", "-f", "file", metavar="PATH", help="The Dockerfile (default: Dockerfile in the context)."),
    _many("--tag", "-t", metavar="NAME:TAG", help="Name of the image."),
    _many("--build-arg", metavar="NAME=VALUE", help="Value of an ARG."),
    _many(
        "--build-context", metavar="NAME=PATH", help="Another context: a directory, an address, docker-image://NAME."
    ),
    click.option("--target", metavar="STAGE", help="The last stage to build."),
    click.option("--platform", metavar="OS/ARCH", help="Platform to build for; it must run on this machine."),
    click.option("--no-cache", is_flag=True, help="Run every step anew."),
    _many("--no-cache-filter", metavar="STAGE", help="Run the steps of these stages anew."),
    click.option("--pull", is_flag=True, help="Pull base images even if they are here."),
    _many("--label", metavar="NAME=VALUE", help="Label of the image."),
    _many("--secret", metavar="id=NAME,src=FILE", help="A secret for RUN --mount=type=secret (or env=VARIABLE)."),
    _many("--ssh", metavar="default|ID=SOCKET", help="An ssh agent for RUN --mount=type=ssh."),
    click.option("--network", metavar="MODE", help="Network of RUN steps: default, none, host, or the name of one."),
    _many("--add-host", metavar="HOST:IP", help="A line of /etc/hosts for RUN steps."),
    _many("--allow", metavar="RIGHT", help="Allow steps to ask for network.host or security.insecure."),
    click.option("--memory", "-m", metavar="BYTES", help="Memory limit of RUN steps."),
    click.option("--shm-size", metavar="BYTES", help="Size of /dev/shm in RUN steps."),
    _many("--ulimit", metavar="NAME=SOFT[:HARD]", help="Resource limit of RUN steps."),
    click.option("--squash", is_flag=True, help="Make one layer of all new ones."),
    click.option(
        "--reproducible/--no-reproducible",
        default=True,
        help="Give everything built the base image's time (or SOURCE_DATE_EPOCH), so that the same inputs give the "
        "same image. Default.",
    ),
    _many("--output", "-o", metavar="type=KIND,dest=PATH", help="image (default), docker, oci, tar, local."),
    click.option("--load", is_flag=True, help="Have the image in the engine: it always is."),
    click.option("--push", is_flag=True, help="Push the image."),
    _many(
        "--cache-from",
        metavar="SOURCE",
        help="Where steps were made that need not run again: a reference, type=local,src=…",
    ),
    _many(
        "--cache-to",
        metavar="TARGET",
        help="Give the cache to others: type=registry,ref=…, type=local,dest=…, type=inline",
    ),
    _many("--attest", metavar="type=KIND", help="Not made; false and none are accepted."),
    click.option("--provenance", metavar="false", help="Not made; false is accepted."),
    click.option("--sbom", metavar="false", help="Not made; false is accepted."),
    click.option("--iidfile", metavar="FILE", help="Write the image's id there."),
    click.option("--metadata-file", metavar="FILE", help="Write what was built there, as JSON."),
    click.option("--quiet", "-q", is_flag=True, help="Print nothing but the image's id."),
    click.option(
        "--progress",
        type=click.Choice(["auto", "plain", "tty", "quiet", "rawjson"]),
        default="auto",
        help="How to show what goes on.",
    ),
]


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """All flags of a build."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


class BuildError(click.ClickException):
    """A build that failed; what the daemon said of the place is shown above the message."""

    def __init__(self, message: str, excerpt: str = "") -> None:
        super().__init__(f"failed to build: {message}")
        self.excerpt = excerpt


@click.command("build", cls=Command)
@with_options
@click.argument("context")
def build_command(context: str, **flags: Any) -> None:
    """Build an image from a Dockerfile. CONTEXT is a directory, the address of a git repository, an
    archive or a Dockerfile, or - for an archive or a Dockerfile on stdin."""
    shown = progress("quiet" if flags["quiet"] else flags["progress"])
    result = build(client(), context, flags, shown)
    if flags["iidfile"]:
        Path(flags["iidfile"]).write_text(result["id"])
    if flags["metadata_file"]:
        Path(flags["metadata_file"]).write_text(json.dumps(metadata(result), indent=2))
    if flags["quiet"]:
        say(result["id"])


def build(daemon: Client, context: str, flags: Mapping[str, Any], shown: Progress) -> dict[str, Any]:
    """Build as the flags of :data:`OPTIONS` say, and deliver what they ask for. ClickException for what is wrong."""
    try:
        outputs = outputs_of(flags)
        upload = upload_of(flags, Files(context, flags["file"] or "", flags.get("inline"), sys.stdin.buffer))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    keeps = not outputs or any(output.keeps_image for output in outputs)
    named = [name for output in outputs for name in output.names if output.keeps_image]
    upload.request["tags"] = [*upload.request["tags"], *named] if keeps else []
    result = send(daemon, upload, shown)
    deliver(daemon, result["id"], outputs)
    if any(output.push for output in outputs):
        _push(daemon, result["tags"])
    if not keeps:
        with suppress(ApiError):  # somebody else has the same image
            daemon.delete(f"/images/{result['id']}", {"noprune": True})
    return result


def outputs_of(flags: Mapping[str, Any]) -> list[Output]:
    """What ``--output``, ``--load`` and ``--push`` ask for. Raises ValueError."""
    for name in ("provenance", "sbom"):
        if flags[name] not in (None, "false", "0"):
            raise ValueError(f"--{name}: attestations are not available in this version of Wherry")
    if any("disabled=true" not in text for text in flags["attest"]):
        raise ValueError("--attest: attestations are not available in this version of Wherry")
    outputs = [parse_output(text) for text in flags["output"]]
    if flags["push"]:
        outputs.append(Output("image", push=True))
    return outputs


def _push(daemon: Client, tags: Sequence[str]) -> None:
    from wherry.app.cli.distribution import push
    from wherry.oci.reference import Reference

    if not tags:
        raise click.ClickException("tag is needed when pushing to registry: give --tag")
    for tag in tags:
        push(daemon, Reference.parse(tag).tagged(), sys.stderr)


def send(daemon: Client, upload: Upload, shown: Progress) -> dict[str, Any]:
    """Send a build and show it; what was built. BuildError."""
    line = json.dumps(upload.request).encode()
    last: dict[str, Any] = {}
    with daemon.upload("/wherry/build", None, upload.pieces(line), _credentials()) as response:
        for message in response.json_stream():
            last = message
            shown.take(message)
    shown.close()
    if "result" in last:
        found: dict[str, Any] = last["result"]
        return found
    error = last.get("error") or {"message": "the daemon ended the build without a word"}
    if error.get("excerpt"):
        say(error["excerpt"], err=True)
    raise BuildError(error["message"], error.get("excerpt", ""))


def _credentials() -> dict[str, str]:
    """All of the user's, for base images: which registries a build asks shows only while it goes on."""
    from wherry.app.dockerconfig import DockerConfig

    found = DockerConfig.of_user().every()
    if not found:
        return {}
    document = {server: auth.members() for server, auth in found.items()}
    return {"X-Registry-Config": base64.urlsafe_b64encode(json.dumps(document).encode()).decode()}


def metadata(result: Mapping[str, Any]) -> dict[str, Any]:
    """What buildx writes of an image."""
    return {
        "containerimage.config.digest": result["id"],
        "containerimage.digest": result["manifest"],
        "image.name": ",".join(result["tags"]),
    }


@click.command("prune", cls=Command)
@click.option("--all", "-a", "everything", is_flag=True, help="Also forget the steps of images that are there.")
@click.option("--filter", "given", multiple=True, metavar="until=DURATION", help="Only what was not used for so long.")
@click.option("--force", "-f", is_flag=True, help="Do not ask.")
@click.option("--keep-storage", metavar="BYTES", help="Keep the most recently used, up to this size.")
def prune_command(everything: bool, given: tuple[str, ...], force: bool, keep_storage: str | None) -> None:
    """Forget steps of builds."""
    what = "all build cache" if everything else "all dangling build cache"
    confirm(force, f"This will remove {what}.")
    keep = bytes_of(keep_storage) if keep_storage else None
    query = {"all": everything or None, "filters": filters(given), "keep-storage": keep}
    result = client().post("/build/prune", query)
    for key in result["CachesDeleted"] or []:
        say(key)
    say(f"Total reclaimed space: {decimal_size(result['SpaceReclaimed'])}")
