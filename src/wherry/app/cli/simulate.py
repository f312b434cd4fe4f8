"""``simulate``: nodes that run nothing, thousands of them."""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wherry.app.cli.command import Command
from wherry.app.cli.printing import say
from wherry.app.cli.why import own_kubeconfig
from wherry.kit.errors import Invalid

if TYPE_CHECKING:
    from wherry.node.simulation.counts import Progress
    from wherry.node.simulation.simulation import Plan

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_MOST_NODES, _MOST_PODS = 20_000, 500


@click.command("simulate", cls=Command)
@click.option("--nodes", "count", metavar="N", type=click.IntRange(1, _MOST_NODES), required=True, help="How many.")
@click.option("--prefix", metavar="NAME", default="sim", show_default=True, help="They are called NAME-0, NAME-1, …")
@click.option("--cpu", metavar="N", type=click.IntRange(1, 1024), default=32, show_default=True, help="Of each node.")
@click.option("--memory", metavar="SIZE", default="256Gi", show_default=True, help="Of each node, as a quantity.")
@click.option(
    "--pods", metavar="N", type=click.IntRange(1, _MOST_PODS), default=110, show_default=True, help="At most on each."
)
@click.option("--label", "labels", metavar="KEY=VALUE", multiple=True, help="A label of each node.")
@click.option("--taint", "taints", metavar="KEY[=VALUE]:EFFECT", multiple=True, help="A taint of each node.")
@click.option("--zones", metavar="N", type=click.IntRange(0), default=0, help="Spread them over zone-0, zone-1, …")
@click.option(
    "--start-seconds", metavar="S", type=click.FloatRange(0), default=0.0, help="How long each container takes to run."
)
@click.option(
    "--job-seconds", metavar="S", type=click.FloatRange(0), default=1.0, show_default=True,
    help="How long each container of a Job runs.",
)  # fmt: skip
@click.option("--keep", is_flag=True, help="Leave the nodes in the API at the end: the next one takes them over.")
@click.option("--kubeconfig", metavar="FILE", default="", help="How to reach the cluster (default: the instance's).")
def simulate_command(kubeconfig: str, keep: bool, **given: Any) -> None:  # click's options
    """Register nodes that run nothing, and say of pods bound to them that they run: to see scheduling and control at
    scale on one machine.

    It stays in the foreground; ^C (or SIGTERM) removes the nodes and the pods on them. Other nodes and their pods are
    not touched. The nodes have the label type=simulated and the annotation fake.wherry.dev/node. What a pod does its
    own annotations can say: fake.wherry.dev/run-seconds, exit-code, start-seconds and stop-seconds, for all of its
    containers or (….NAME) for one.
    """
    path = Path(kubeconfig) if kubeconfig else own_kubeconfig()
    # These take a while to load, and are for this command alone.
    import logging

    import uvloop

    from wherry.app.simulating import Console, simulate

    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("wherry.node.pods").setLevel(logging.ERROR)  # thousands would say the same
    screen = Screen()
    uvloop.run(simulate(path, _plan(given), keep, Console(screen.say, screen.show)))


def _plan(given: Mapping[str, Any]) -> "Plan":
    """Raises Invalid."""
    from wherry.kube.machinery.quantity import parse
    from wherry.node.pods.machine.facts import ImaginedMachine
    from wherry.node.pods.simulated import Ways
    from wherry.node.simulation.simulation import Plan

    try:
        memory = parse(given["memory"]).value
    except ValueError as error:
        raise Invalid(f"--memory {given['memory']}: {error}") from error
    ways = Ways(
        f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}",
        dict(map(_label, given["labels"])), tuple(map(_taint, given["taints"])), given["pods"], given["zones"],
        given["start_seconds"], given["job_seconds"],
    )  # fmt: skip
    return Plan(given["count"], given["prefix"], ImaginedMachine(given["cpu"], memory), ways)


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise Invalid(f"--label {text}: is not KEY=VALUE")
    return key, value


def _taint(text: str) -> dict[str, str]:
    """As ``kubectl taint`` has it."""
    name, colon, effect = text.rpartition(":")
    key, equals, value = name.partition("=")
    if not colon or not key or effect not in _EFFECTS:
        raise Invalid(f"--taint {text}: is not KEY[=VALUE]:EFFECT, with one of {', '.join(_EFFECTS)}")
    return {"key": key, "effect": effect, **({"value": value} if equals else {})}


class Screen:
    """Standard output: lines, and on a terminal below them one that changes."""

    def __init__(self) -> None:
        self._is_live = sys.stdout.isatty()
        self._shown = ""

    def say(self, text: str) -> None:
        self._clear()
        say(text)
        sys.stdout.flush()

    def show(self, progress: "Progress") -> None:
        text = described(progress)
        if self._is_live and text != self._shown:
            self._clear()
            say(text, nl=False)
            sys.stdout.flush()
            self._shown = text

    def _clear(self) -> None:
        if self._shown:
            sys.stdout.write("\r\x1b[K")
            self._shown = ""


def described(progress: "Progress") -> str:
    """In a line."""
    found = f"nodes: {progress.ready} of {progress.nodes} ready; pods: {progress.pods_ready} of {progress.pods} ready"
    others = [f"{count} {word}" for count, word in ((progress.ended, "ended"), (progress.leaving, "leaving")) if count]
    return ", ".join([found, *others])
