"""``why``: what a pod waits for, or those of a workload or service."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from wherry.app.cli.command import Command, instance_root
from wherry.app.cli.printing import say
from wherry.app.config import load
from wherry.kit.errors import NotFound, Unavailable


@click.command("why", cls=Command)
@click.argument("what", metavar="[NAMESPACE/]POD|TYPE/NAME")
@click.option("--namespace", "-n", metavar="NAMESPACE", default="", help="Where it is (default: the context's).")
@click.option("--kubeconfig", metavar="FILE", default="", help="How to reach the cluster (default: the instance's).")
def why_command(what: str, namespace: str, kubeconfig: str) -> None:
    """Say in plain words what a pod waits for: a node, an image, a dependency, a probe, a volume.

    Of a pod without a node it says of each node why it will not do, as things are now. Of a workload or a service
    (deployment/web, job/x, service/web) it says what its pods wait for, and why it has none.
    """
    path = Path(kubeconfig) if kubeconfig else own_kubeconfig()
    first, _, name = what.rpartition("/")
    first = first.rpartition("/")[2]
    try:
        found = asyncio.run(_answer(path, first, namespace, name))
    except Unavailable as error:
        raise Unavailable(f"the cluster does not answer: {error.message}. Is `wherry up` running?") from error
    say("\n".join(found))


def own_kubeconfig() -> Path:
    """Of the instance that is meant. Raises NotFound when it has no cluster."""
    instance = load({"root": instance_root()}).instance
    if not instance.kubeconfig.exists():
        raise NotFound(f"no cluster in {instance.root}: start one with `wherry up{instance.flag}`")
    return instance.kubeconfig


async def _answer(path: Path, first: str, namespace: str, name: str) -> list[str]:
    """``first``: what was before the name, a type as kubectl writes it, or a namespace."""
    # These take a while to load, and are for this command alone.
    from wherry.app.why.explaining import explain
    from wherry.app.why.gathering import gather
    from wherry.app.why.groups import TYPES, explain_group, gather_group, kind_of
    from wherry.kube.client.clock import SystemClock
    from wherry.kube.client.connection import of_kubeconfig
    from wherry.kube.client.http import HttpApiClient
    from wherry.kube.machinery.status import StatusError
    from wherry.kube.pki.kubeconfig import parse

    connection = of_kubeconfig(parse(path.read_text()), directory=path.parent)
    async with HttpApiClient(connection, SystemClock(), "wherry-why") as client:
        kind, is_pod = kind_of(first), first.lower() in ("", "pod", "pods", "po")
        where = namespace or connection.namespace or "default"
        if kind:
            return explain_group(await gather_group(client, kind, where, name), datetime.now(UTC))
        try:
            known = await gather(client, where if is_pod else first, name)
        except StatusError as error:
            if error.code != 404 or is_pod:
                raise
            where = f"in namespace {first}; types that have pods are {', '.join(TYPES).lower()}"
            raise NotFound(f'pods "{name}" not found {where}') from error
    return explain(known, datetime.now(UTC))
