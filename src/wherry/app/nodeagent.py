"""The cluster's part of ``node``: the agent, on the engine of this process, by the API of ``control`` over HTTPS."""

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import wherry
from wherry.app.config import Settings
from wherry.app.names import node_name, own_address
from wherry.engine.instance import Instance

if TYPE_CHECKING:
    from wherry.app.wiring import Engine
    from wherry.kube.client.connection import Connection
    from wherry.node.pods.options import Options

log = logging.getLogger("wherry.node")
_LOOK_SECONDS = 0.01
_AGAIN_SECONDS = 1.0


async def run(engine: "Engine", settings: Settings) -> None:
    """Until cancelled; pods go on. What fails is told and begun again: everything is found in API and engine."""
    while True:
        try:
            await _live(engine, settings)
        except Exception:
            log.exception("the node's agent failed; starting it again")
            await asyncio.sleep(_AGAIN_SECONDS)


async def _live(engine: "Engine", settings: Settings) -> None:
    connection = await _connection(settings.instance, node_name(settings))
    # Loaded now: an engine without a cluster never needs them, and one with a cluster has answered by now.
    from wherry.kube.client.clock import SystemClock
    from wherry.kube.client.http import HttpApiClient
    from wherry.kube.client.informers import Informers
    from wherry.node.pods.agent import Agent, Parts
    from wherry.node.runtime import EngineRuntime

    clock = SystemClock()
    runtime = EngineRuntime(engine.containers.pods, engine.images, engine.registries, engine.events)
    async with HttpApiClient(connection, clock, "kubelet") as client, Informers(client, clock) as informers:
        agent = Agent(
            client,
            runtime,
            _options(settings),
            clock,
            Parts(informers=informers, runtime_version=f"wherry://{wherry.__version__}"),
        )
        try:
            await agent.run()
        finally:
            await runtime.close()


async def _connection(instance: Instance, node: str) -> "Connection":
    """As soon as the API is served: its address and our certificate."""
    pair = instance.cluster / "pki" / f"node-{node}.pem"
    while not (  # noqa: ASYNC110  # another process makes them: there is nothing to be woken by
        instance.api_address.exists() and pair.exists()
    ):
        await asyncio.sleep(_LOOK_SECONDS)
    from wherry.kube.client.connection import Connection, tls_of
    from wherry.kube.pki.directory import read_pair

    found = read_pair(pair)
    authority = (instance.cluster / "pki" / "ca.crt").read_text()
    tls = tls_of(authority, found.certificate_pem, found.key_pem)
    return Connection(instance.api_address.read_text().strip(), tls)


def _options(settings: Settings) -> "Options":
    from wherry.node.pods.options import Options

    return Options(
        node=node_name(settings),
        directory=_directory(settings.instance),
        addresses=(own_address(),),
    )


def _directory(instance: Instance) -> Path:
    instance.pods.mkdir(mode=0o711, exist_ok=True)
    return instance.pods
