"""``why``: what a pod waits for."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from wherry.app.cli.command import Command, instance_root
from wherry.app.cli.printing import say
from wherry.app.config import load
from wherry.kit.errors import NotFound, Unavailable


@click.command("why", cls=Command)
@click.argument("pod", metavar="[NAMESPACE/]POD")
@click.option("--namespace", "-n", metavar="NAMESPACE", default="", help="Where the pod is (default: the context's).")
@click.option("--kubeconfig", metavar="FILE", default="", help="How to reach the cluster (default: the instance's).")
def why_command(pod: str, namespace: str, kubeconfig: str) -> None:
    """Say in plain words what a pod waits for: a node, an image, a dependency, a probe, a volume.

    Of a pod without a node it says of each node why it will not do, as things are now.
    """
    path = Path(kubeconfig) if kubeconfig else own_kubeconfig()
    first, slash, name = pod.rpartition("/")
    first = first.rpartition("/")[2]  # pods/x, pod/x: as kubectl writes it
    if slash and first in ("pod", "pods", "po"):
        first = ""
    try:
        found = asyncio.run(_answer(path, first or namespace, name))
    except Unavailable as error:
        raise Unavailable(f"the cluster does not answer: {error.message}. Is `wherry up` running?") from error
    say("\n".join(found))


def own_kubeconfig() -> Path:
    """Of the instance that is meant. Raises NotFound when it has no cluster."""
    instance = load({"root": instance_root()}).instance
    if not instance.kubeconfig.exists():
        raise NotFound(f"no cluster in {instance.root}: start one with `wherry up{instance.flag}`")
    return instance.kubeconfig


async def _answer(path: Path, namespace: str, name: str) -> list[str]:
    # These take a while to load, and are for this command alone.
    from wherry.app.why.explaining import explain
    from wherry.app.why.gathering import gather
    from wherry.kube.client.clock import SystemClock
    from wherry.kube.client.connection import of_kubeconfig
    from wherry.kube.client.http import HttpApiClient
    from wherry.kube.pki.kubeconfig import parse

    connection = of_kubeconfig(parse(path.read_text()), directory=path.parent)
    async with HttpApiClient(connection, SystemClock(), "wherry-why") as client:
        known = await gather(client, namespace or connection.namespace or "default", name)
    return explain(known, datetime.now(UTC))
