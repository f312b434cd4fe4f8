"""``install-docker-plugin``."""

import os
import sys
from pathlib import Path

import click

from wherry.app.cli.command import Command
from wherry.app.cli.printing import say

_SCRIPT = """#!/bin/sh
# Written by wherry install-docker-plugin: the docker command's buildx, by Wherry's builder.
exec {python} -I -m wherry.app.buildx "$@"
"""


@click.command("install-docker-plugin", cls=Command)
@click.option("--dir", "directory", metavar="DIR", help="Where to (default: $DOCKER_CONFIG or ~/.docker, cli-plugins).")
@click.option("--force", "-f", is_flag=True, help="Replace another docker-buildx.")
def install_docker_plugin_command(directory: str | None, force: bool) -> None:
    """Let `docker build`, `docker buildx` and `docker compose build` use Wherry's builder."""
    base = Path(directory) if directory else _configuration() / "cli-plugins"
    target = base / "docker-buildx"
    script = _SCRIPT.format(python=_quoted(sys.executable))
    if target.exists() and not force and target.read_bytes()[:200].find(b"wherry") < 0:
        raise click.ClickException(f"{target} is another buildx: give --force to replace it, or --dir to go elsewhere")
    base.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".docker-buildx-{os.getpid()}")
    new.write_text(script)
    new.chmod(0o755)
    new.replace(target)
    say(f"installed {target}\nWith DOCKER_HOST at a Wherry engine (eval $(wherry env)), docker build uses it.")


def _configuration() -> Path:
    given = os.environ.get("DOCKER_CONFIG")
    return Path(given) if given else Path.home() / ".docker"


def _quoted(path: str) -> str:
    import shlex

    return shlex.quote(path)
