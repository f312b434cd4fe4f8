"""Start a container's task: sandbox, network, files, configuration; all undone when a step fails."""

import logging
import os
from dataclasses import dataclass

from wherry.engine.containers import facts, spec, validate
from wherry.engine.containers.idranges import IdRanges
from wherry.engine.containers.pool import Made, Pool
from wherry.engine.containers.ports import bindings
from wherry.engine.containers.registry import Registry
from wherry.engine.containers.row import Container
from wherry.engine.images import Images
from wherry.engine.instance import Instance
from wherry.engine.networks import Networks
from wherry.engine.networks.model import Endpoint
from wherry.engine.runtime.model import (
    Attachment,
    IdRange,
    Isolation,
    Namespace,
    Rootfs,
    Runtime,
    Sandbox,
    Task,
    TaskSpec,
)
from wherry.engine.snapshots import Snapshots
from wherry.kit.errors import Conflict

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The parts of the engine that a start uses."""

    instance: Instance
    runtime: Runtime
    images: Images
    snapshots: Snapshots
    networks: Networks
    registry: Registry
    ranges: IdRanges
    pool: Pool


class Starter:
    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def start(self, container: Container, attachments: list[Attachment]) -> Task:
        """Run the container's task; StartFailed or another error after which nothing of it is left."""
        around = self._around
        try:
            sandbox, endpoint = await self._sandbox(container)
        except BaseException:
            _close(attachments)
            raise
        connected = handed_over = False
        try:
            if endpoint is not None:
                ports = bindings(container)
                await around.networks.connect(endpoint, container.id, container.name, ports)
                connected = True
            task_spec = self._spec(container, endpoint, attachments)
            handed_over = True
            task = await sandbox.start(task_spec)
        except BaseException:
            if not handed_over:
                _close(attachments)
            await sandbox.discard()
            if connected:
                await around.networks.disconnect(container.id)
            elif endpoint is not None:
                await around.networks.discard(endpoint)
            await around.runtime.clean(container.id, around.instance.containers / container.id, self.cgroup(container))
            raise
        return task

    def cgroup(self, container: Container) -> str:
        parent = container.host.CgroupParent.strip("/")
        base = self._around.instance.cgroup_parent
        return f"{base}/{parent}/{container.id}" if parent else f"{base}/{container.id}"

    async def _sandbox(self, container: Container) -> tuple[Sandbox, Endpoint | None]:
        """Namespaces, and where the container is on the default bridge, its place there."""
        bridged = container.host.NetworkMode in ("", "default", "bridge") and not container.config.NetworkDisabled
        if container.mapped and container.ids is None and self._is_usual(container):
            made: Made = await self._around.pool.take(bridged)
            container.ids = made.ids
            return made.sandbox, made.endpoint
        sandbox = await self._around.runtime.spawn(self._isolation(container))
        if not bridged:
            return sandbox, None
        try:
            assert sandbox.netns_fd is not None
            return sandbox, await self._around.networks.wire(sandbox.netns_fd)
        except BaseException:
            await sandbox.discard()
            raise

    @staticmethod
    def _is_usual(container: Container) -> bool:
        host = container.host
        shared = (host.NetworkMode, host.PidMode, host.IpcMode)
        return (
            not any(mode == "host" or mode.startswith("container:") for mode in shared)
            and host.UTSMode != "host"
            and host.CgroupnsMode != "host"
        )

    def _isolation(self, container: Container) -> Isolation:
        host = container.host
        network = self._shared(host.NetworkMode)
        pid = self._shared(host.PidMode)
        ipc = self._shared(host.IpcMode)
        owner = network or pid or ipc
        if container.mapped and container.ids is None:
            container.ids = owner[1].ids if owner else self._around.ranges.take().first
        ids = IdRange(container.ids) if container.mapped and container.ids is not None else None

        def kind(mode: str) -> Namespace:
            return Namespace.HOST if mode == "host" else Namespace.NEW

        return Isolation(
            ids=ids,
            network=kind(host.NetworkMode),
            pid=kind(host.PidMode),
            ipc=kind(host.IpcMode),
            uts=kind(host.UTSMode or ("host" if host.NetworkMode == "host" else "")),
            cgroup=kind(host.CgroupnsMode),
            join_user=owner[0] if owner and ids else None,
            join_network=network[0] if network else None,
            join_pid=pid[0] if pid else None,
            join_ipc=ipc[0] if ipc else None,
        )

    def _shared(self, mode: str) -> tuple[int, Container] | None:
        """The pid and container whose namespace is shared."""
        if not mode.startswith("container:"):
            return None
        registry = self._around.registry
        other = registry.get(mode.partition(":")[2])
        task = registry.live(other).task
        if task is None:
            raise Conflict(f"cannot join network of a non running container: {other.id}")
        return task.pid, other

    def _spec(self, container: Container, endpoint: Endpoint | None, attachments: list[Attachment]) -> TaskSpec:
        around = self._around
        host, config = container.host, container.config
        image = around.images.held(container.image)
        names = facts.granted(host)
        devices, rules = facts.devices(host.Devices or ())
        rules += facts.device_cgroup_rules(host.DeviceCgroupRules or ())
        program = validate.runtime(host)
        base = image.config.config
        gathered = spec.Facts(
            cgroup=self.cgroup(container),
            hostname=config.Hostname,
            environment=spec.environment(container, (base.env if base else None) or (), config.Hostname),
            capabilities=names,
            files=facts.write_files(around.instance, container, endpoint),
            thermal=facts.thermal_files(),
            host_devices=facts.host_devices() if host.Privileged else (),
            devices=devices,
            device_rules=rules,
            own_network=not (host.NetworkMode == "host" or host.NetworkMode.startswith("container:")),
            seccomp=facts.seccomp_section(host, names) if program != "wherry" else None,
            groups=[int(group) if group.isdigit() else group for group in host.GroupAdd or ()],
        )
        directory = around.instance.containers / container.id
        owner = container.ids if container.mapped and container.ids is not None else 0
        upper, work = around.snapshots.prepare(directory, owner)
        size = (host.ConsoleSize[0], host.ConsoleSize[1]) if any(host.ConsoleSize) else None
        return TaskSpec(
            id=container.id,
            config=spec.configuration(container, gathered),
            rootfs=Rootfs(around.snapshots.layers(list(image.chain_ids)), upper, work),
            directory=directory,
            log=facts.log_file(around.instance, container),
            seccomp=facts.seccomp_filter(host, names),
            terminal_size=size,
            open_stdin=config.OpenStdin,
            stdin_once=config.StdinOnce,
            init=bool(host.Init),
            runtime=program,
            attachments=attachments,
        )


def _close(attachments: list[Attachment]) -> None:
    for attachment in attachments:
        os.close(attachment.fd)
