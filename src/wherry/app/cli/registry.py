"""``registry``: serve the distribution specification, collect its garbage."""

import os
from pathlib import Path

import click

from wherry.app.cli.command import Command, LazyGroup, instance_root
from wherry.app.cli.printing import say
from wherry.app.client import Client, Unreachable
from wherry.engine.instance import Instance
from wherry.kit.errors import NotFound
from wherry.registryapi.options import SOCKET

# The same as in wherry.app.lone_registry, whose import takes longer than the question that `gc` asks.
DEFAULT_ROOT = Path("/var/lib/wherry-registry")

registry_command = LazyGroup(
    "registry",
    modules={"serve": "registry:serve_command", "gc": "registry:gc_command"},
    help="A registry to push to and pull from.",
)

_File = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)


@click.command("serve", cls=Command)
@click.option("--root", metavar="DIR", help=f"Where it keeps everything (default {DEFAULT_ROOT}).")
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:5000", help="Where it answers (127.0.0.1:5000).")
@click.option("--tls-cert", type=_File, metavar="FILE", help="Certificate in PEM, with those that vouch for it.")
@click.option("--tls-key", type=_File, metavar="FILE", help="The certificate's key in PEM.")
@click.option("--htpasswd", type=_File, metavar="FILE", help="Users and their passwords, made by `htpasswd -B`.")
@click.option("--token-realm", metavar="URL", default="", help="Token server that clients are sent to.")
@click.option("--token-service", metavar="NAME", default="", help="What the token server calls this registry.")
@click.option("--token-issuer", metavar="NAME", default="", help="What the token server calls itself.")
@click.option("--token-key", type=_File, metavar="FILE", help="Its public keys: PEM or a JSON web key set.")
@click.option("--read-only", is_flag=True, help="Refuse pushes and deletion.")
@click.option("--allow-delete", is_flag=True, help="Let clients delete manifests, tags and blobs.")
@click.option("--plain-http", is_flag=True, help="Let other machines reach it without TLS.")
def serve_command(
    root: str | None, listen: str, tls_cert: Path | None, tls_key: Path | None, htpasswd: Path | None,
    token_realm: str, token_service: str, token_issuer: str, token_key: Path | None, read_only: bool,
    allow_delete: bool, plain_http: bool,
) -> None:  # fmt: skip
    """Serve a registry of its own, until interrupted. One over an engine's images: `wherry up --registry HOST:PORT`."""
    from wherry.app.cli.instance import daemon_environment
    from wherry.app.lone_registry import command
    from wherry.registryapi.options import Options, check

    options = Options(
        listen, tls_cert, tls_key, htpasswd, token_realm, token_service, token_issuer, token_key, read_only,
        allow_delete, plain_http,
    )  # fmt: skip
    check(options)
    line = command(_root(root), options)
    os.execve(line[0], line, daemon_environment(os.environ))


@click.command("gc", cls=Command)
@click.option("--root", metavar="DIR", help=f"Directory of a registry or an instance (default {DEFAULT_ROOT}).")
@click.option(
    "--untagged", is_flag=True, help="Take manifests without a tag too, unless an index or a subject keeps them."
)
@click.option(
    "--grace", metavar="SECONDS", type=click.IntRange(0), default=3600, help="Spare what was used since (3600)."
)
def gc_command(root: str | None, untagged: bool, grace: int) -> None:
    """Collect a registry's garbage: what no manifest needs, and uploads that were given up. It may be serving.

    Nothing goes that a push under way relies on.
    """
    directory = _root(root)
    found = _asked(directory, {"grace": grace, "untagged": untagged})
    if found is None:
        from dataclasses import asdict

        from wherry.app.lone_registry import collect

        found = asdict(collect(directory, grace, untagged))
    say(f"Removed {found['blobs']} blobs, {found['manifests']} manifests and {found['uploads']} uploads.")


def _root(given: str | None) -> Path:
    return Path(given or instance_root() or DEFAULT_ROOT).absolute()


def _asked(root: Path, query: dict[str, object]) -> dict[str, int] | None:
    """The answer of the process that serves ``root``; None when it is a registry alone that nobody serves."""
    is_alone = (root / "registry.sqlite").exists()
    path = root / SOCKET if is_alone else Instance.at(root).run / SOCKET
    try:
        answer = Client(str(path)).post("/gc", query)
    except Unreachable as error:
        if is_alone:
            return None
        raise NotFound(
            f"no registry is in {root}, nor does an instance serve one from there: "
            f"an instance must be up to collect its registry's garbage"
        ) from error
    return dict(answer)
