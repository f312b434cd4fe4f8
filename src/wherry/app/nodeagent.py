"""The cluster's part of ``node``: the agent, on the engine of this process, by the API of ``control`` over HTTPS."""

import asyncio
import logging
import os
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import wherry
from wherry.app import kubeletconfig, nodeserving, nodesettings
from wherry.app.config import Settings
from wherry.app.names import dns_address, node_name
from wherry.app.rights import NODE_SERVICES
from wherry.engine.instance import Instance
from wherry.kit.tasks import end_if_cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from wherry.app.wiring import Engine
    from wherry.engine.networks import Networks
    from wherry.kube.client.connection import Connection
    from wherry.node.pods.agent import Agent
    from wherry.node.pods.options import Options, Thresholds
    from wherry.node.storage.localpath import LocalPath, Needs

log = logging.getLogger("wherry.node")
_LOOK_SECONDS = 0.01
_AGAIN_SECONDS = 1.0
_SPEAKING_SECONDS = 5.0
"""For how long a start waits until the API shows pods that were here before as they are. Hundreds take one."""
_HEARTBEAT_SECONDS = 10.0
"""For how long an answer to lease or status of the node is waited for (the kubelet's heartbeat client)."""


class NodeAgent:
    """Of the instance's own node. Somebody runs it."""

    def __init__(self, engine: "Engine", settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._agent: Agent | None = None

    async def run(self) -> None:
        """Until cancelled; pods go on. What fails is told and begun again: everything is found in API and engine."""
        while True:
            try:
                await _live(self._engine, self._settings, self._met)
            except Exception as error:
                end_if_cancelled(error)
                log.exception("the node's agent failed; starting it again")
                await asyncio.sleep(_AGAIN_SECONDS)

    def _met(self, agent: "Agent") -> None:
        self._agent = agent

    async def end_pods(self) -> None:
        """End what runs of them as pods end: for good where the settings say so, or until the next start. What still
        runs afterwards (there was no time, or the agent is not ready) ends as other containers do."""
        agent, settings = self._agent, self._settings
        if agent is None or not agent.ready.is_set():
            return
        try:
            if settings.node_shutdown_grace:
                await agent.shut_down(settings.node_shutdown_grace, settings.node_shutdown_grace_critical)
            else:
                await agent.halt(settings.containers_stop_timeout)
        except Exception:
            log.exception("the pods could not be ended as pods end")


async def _live(engine: "Engine", settings: Settings, met: "Callable[[Agent], None]") -> None:
    await _served(settings)
    # Loaded now: an engine without a cluster never needs them, and one with a cluster has answered by now.
    from wherry.app import nodenetwork
    from wherry.kube.client.clock import SystemClock
    from wherry.kube.client.events import Recorder, Source
    from wherry.kube.client.http import HttpApiClient
    from wherry.kube.client.informers import Informers
    from wherry.kube.controllers.frame import Controller
    from wherry.node.pods.agent import Agent, Parts
    from wherry.node.runtime import EngineRuntime
    from wherry.node.runtime.images import Care
    from wherry.node.runtime.machine import this_machine
    from wherry.node.runtime.pulled import Pulled
    from wherry.node.storage.localpath import PROVISIONER, Needs

    clock, instance = SystemClock(), settings.instance
    node = node_name(settings)
    care = Care(Pulled(engine.database), engine.containers.image_users)
    has_ipv6 = len(nodenetwork.pod_ranges(engine.networks)) > 1
    machine = this_machine(nodesettings.reserved(settings.node_reserved), has_ipv6=has_ipv6)
    runtime = EngineRuntime(engine.containers.pods, engine.images, engine.registries, engine.events, machine, care)
    async with AsyncExitStack() as stack:
        own = _connection(instance, f"node-{node}")
        kubelet = await stack.enter_async_context(HttpApiClient(own, clock, "kubelet"))
        heart = await stack.enter_async_context(
            HttpApiClient(own, clock, "kubelet", at_once=2, stall_seconds=_HEARTBEAT_SECONDS)
        )
        services = await stack.enter_async_context(
            HttpApiClient(_connection(instance, NODE_SERVICES.file), clock, "node-services")
        )
        informers = await stack.enter_async_context(Informers(kubelet, clock))
        wider = await stack.enter_async_context(Informers(services, clock))
        stack.push_async_callback(runtime.close)
        proxy = await stack.enter_async_context(nodenetwork.proxy(settings, engine.networks, wider, clock))
        parts = Parts(
            heart=heart,
            informers=informers,
            drain=proxy.drain,
            ready=proxy.ready_for,
            gone=proxy.forget,
            runtime_version=f"wherry://{wherry.__version__}",
        )
        api, port = await stack.enter_async_context(
            nodeserving.served(instance, (node, kubeletconfig.shown(settings)), runtime, kubelet, clock)
        )
        agent = Agent(kubelet, runtime, _options(settings, engine.networks, port), clock, parts)
        api.lookup = agent
        met(agent)
        async with asyncio.TaskGroup() as group:
            group.create_task(proxy.run(), name="proxy")
            group.create_task(nodenetwork.names(engine.networks, settings, wider, clock), name="dns")
            group.create_task(agent.run(), name="agent")
            group.create_task(_announce(instance, agent), name="announcement")
            recorder = Recorder(services, Source(PROVISIONER, node), clock)
            group.create_task(recorder.run(), name="events of volumes")
            provider = _volumes(Needs(services, wider, recorder), settings)
            group.create_task(Controller(provider, clock, 1).run(), name="volumes")


async def _announce(instance: Instance, agent: "Agent") -> None:
    """Whoever starts the instance waits for that."""
    await agent.known()
    with suppress(TimeoutError):
        async with asyncio.timeout(_SPEAKING_SECONDS):
            await agent.spoken()
    instance.node_standing.touch()
    try:
        await asyncio.Event().wait()
    finally:
        instance.node_standing.unlink(missing_ok=True)


def _volumes(needs: "Needs", settings: Settings) -> "LocalPath":
    from wherry.linux.trees import remove_tree
    from wherry.node.storage.localpath import Disk, LocalPath

    storage = settings.instance.storage
    storage.mkdir(mode=0o711, exist_ok=True)

    def remove(path: Path) -> None:
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            remove_tree(directory, path.name)
        finally:
            os.close(directory)

    return LocalPath(needs, Disk(node_name(settings), storage, remove))


async def _served(settings: Settings) -> None:
    """Wait until the API is, and our certificates are there."""
    instance = settings.instance
    node = node_name(settings)
    names = (f"node-{node}", nodeserving.server_of(node, nodeserving.HOST).file, NODE_SERVICES.file)
    wanted = [*(_pair(instance, name) for name in names), instance.api_address]
    while not all(path.exists() for path in wanted):  # noqa: ASYNC110  # another process makes them
        await asyncio.sleep(_LOOK_SECONDS)


def _pair(instance: Instance, who: str) -> Path:
    return instance.cluster / "pki" / f"{who}.pem"


def _connection(instance: Instance, who: str) -> "Connection":
    """To the API, by the certificate of that name."""
    from wherry.kube.client.connection import Connection, tls_of
    from wherry.kube.pki.directory import read_pair

    found = read_pair(_pair(instance, who))
    authority = (instance.cluster / "pki" / "ca.crt").read_text()
    tls = tls_of(authority, found.certificate_pem, found.key_pem)
    return Connection(instance.api_address.read_text().strip(), tls)


def _options(settings: Settings, networks: "Networks", port: int) -> "Options":
    from wherry.app.nodenetwork import node_addresses, pod_ranges
    from wherry.node.pods.options import ImageCare, Options
    from wherry.node.runtime.machine import maps_memory

    return Options(
        node=node_name(settings),
        directory=_directory(settings.instance),
        addresses=node_addresses(networks),
        pod_ranges=pod_ranges(networks),
        port=port,
        cluster_dns=(dns_address(settings),),
        user_namespaces=maps_memory(),
        static_pods=settings.node_static_pods or settings.instance.manifests,
        reserved=nodesettings.reserved(settings.node_reserved),
        thresholds=_thresholds(settings),
        image_care=ImageCare(settings.node_image_gc_high, settings.node_image_gc_low, settings.node_image_gc_age),
        unsafe_sysctls=settings.node_unsafe_sysctls,
        handlers=("wherry",),
        seccomp_directory=settings.instance.seccomp,
    )


def _thresholds(settings: Settings) -> "Thresholds":
    from wherry.node.pods.options import Thresholds

    return Thresholds(
        nodesettings.least(settings.node_eviction_hard) or Thresholds().least,
        settings.node_pressure_transition,
        nodesettings.soft(settings.node_eviction_soft, settings.node_eviction_soft_grace),
        nodesettings.reclaim(settings.node_eviction_minimum_reclaim),
        settings.node_eviction_max_pod_grace,
    )


def _directory(instance: Instance) -> Path:
    instance.pods.mkdir(mode=0o711, exist_ok=True)
    return instance.pods
