"""``kubeconfig``, ``backup``, ``restore``: the cluster of an instance."""

import os
from pathlib import Path

import click

from wherry.app import lock
from wherry.app.cli.command import Command, instance_root
from wherry.app.cli.printing import say
from wherry.app.config import load
from wherry.engine.instance import Instance
from wherry.kit.errors import Conflict, NotFound


def _instance() -> Instance:
    return load({"root": instance_root()}).instance


@click.command("kubeconfig", cls=Command)
@click.option("--merge", is_flag=True, help="Put it into the file that kubectl reads, and make it the current context.")
@click.option("--remove", is_flag=True, help="Take it out of that file again.")
@click.option(
    "--file", "file", metavar="FILE", help="That file (default: the first of $KUBECONFIG, or ~/.kube/config)."
)
def kubeconfig_command(merge: bool, remove: bool, file: str | None) -> None:
    """Print how to reach the instance's cluster as its administrator."""
    instance = _instance()
    if not instance.kubeconfig.exists():
        raise NotFound(f"no cluster in {instance.root}: start one with `wherry up{instance.flag}`")
    content = instance.kubeconfig.read_text()
    if not merge and not remove:
        say(content, nl=False)
        return
    from wherry.kube.pki.directory import write_file
    from wherry.kube.pki.kubeconfig import merged, parse, text, without

    target = _target(file, instance)
    existing = parse(target.read_text()) if target.exists() else {}
    ours = parse(content)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_file(target, text(without(existing, ours) if remove else merged(existing, ours)))
    say(f"{'removed from' if remove else 'merged into'} {target}; context {ours['current-context']}")


def _target(file: str | None, instance: Instance) -> Path:
    """Never the instance's own file, which `wherry env` points KUBECONFIG at."""
    if file:
        return Path(file)
    for name in os.environ.get("KUBECONFIG", "").split(os.pathsep):
        if name and Path(name).absolute() != instance.kubeconfig:
            return Path(name)
    return Path.home() / ".kube" / "config"


@click.command("backup", cls=Command)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
def backup_command(file: Path) -> None:
    """Write the cluster's state and keys to one file, consistent also while the cluster runs."""
    from wherry.app.backup import backup

    revision = backup(_instance().cluster, file)
    say(f"the cluster's state at revision {revision} and its keys are in {file}; keep it as safe as the cluster")


@click.command("restore", cls=Command)
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore_command(file: Path) -> None:
    """Make the cluster of an instance that is down and has none out of a file that `backup` wrote."""
    from wherry.app.backup import restore

    instance = _instance()
    if lock.holder(instance) is not None:
        raise Conflict(f"the instance in {instance.root} is up: stop it with `wherry down{instance.flag}`")
    instance.root.mkdir(parents=True, exist_ok=True)
    revision = restore(file, instance.cluster)
    say(f"the cluster in {instance.root} is restored; its state begins at revision {revision}")
