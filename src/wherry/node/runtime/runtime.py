"""The runtime of pods on the engine: what the agent asks is looked up, done there, and answered in its words."""

import asyncio
import errno
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from wherry.engine.containers.model import ExecConfig
from wherry.engine.containers.row import Container as Row
from wherry.engine.sandboxes import PodSandbox
from wherry.kit.errors import NotFound, Unavailable
from wherry.linux.netlink import inside
from wherry.node.pods.runtime import (
    Container,
    ContainerSpec,
    Credentials,
    Executed,
    ImageStatus,
    Limits,
    Sandbox,
    SandboxSpec,
    Usage,
)
from wherry.node.runtime import naming, requests, states
from wherry.node.runtime.changes import Changes
from wherry.node.runtime.conversations import Attached, Execution, execute
from wherry.node.runtime.failures import translated
from wherry.node.runtime.images import Care, PodImages
from wherry.node.runtime.limits import of_running, put
from wherry.node.runtime.machine import this_machine
from wherry.node.runtime.needs import EngineContainers, EngineEvents, EngineImages, Registries
from wherry.node.runtime.weights import Weights

_LOOPBACK = ("127.0.0.1", "::1")


class EngineRuntime:
    """See :class:`wherry.node.pods.runtime.PodRuntime`. Call it on the event loop's thread, between the engine's start
    and end."""

    def __init__(
        self,
        containers: EngineContainers,
        images: EngineImages,
        registries: Registries,
        events: EngineEvents,
        machine: requests.Machine | None = None,
        care: Care | None = None,
    ) -> None:
        self._containers = containers
        self._engine_images = images
        self._images = PodImages(images, registries, care)
        self._changes = Changes(events)
        self._machine = machine or this_machine()
        self._specs: dict[str, tuple[PodSandbox, SandboxSpec]] = {}
        self._weights = Weights(containers.sandboxes, self._spec, self._machine)

    async def close(self) -> None:
        """Let go; pods go on. Before the engine's end."""
        self._changes.close()
        await self._weights.close()
        await self._images.close()

    # What there is

    def sandboxes(self, pod: str = "") -> Sequence[Sandbox]:
        return [self._sandbox(row) for row in self._containers.sandboxes if pod in ("", self._spec(row).uid)]

    def _sandbox(self, row: PodSandbox) -> Sandbox:
        sandboxes = self._containers.sandboxes
        endpoint = sandboxes.endpoint(row)
        return states.sandbox(row, self._spec(row), endpoint.addresses if endpoint else (), sandboxes.is_ready(row))

    def _spec(self, row: PodSandbox) -> SandboxSpec:
        """What it was made by, decoded once."""
        known = self._specs.get(row.id)
        if known is None or known[0] is not row:
            known = self._specs[row.id] = row, requests.noted(row)
        return known[1]

    def containers(self, sandbox: str = "") -> Sequence[Container]:
        rows = self._containers.of(sandbox) if sandbox else list(self._containers)
        return [self._container(row) for row in rows]

    def _container(self, row: Row) -> Container:
        log, layer = (str(path) for path in (self._containers.log(row), self._containers.layer(row)))
        return states.container(row, self._images.reference_of(row.image), log, layer)

    def subscribe(self, changed: Callable[[str], None]) -> Callable[[], None]:
        return self._changes.subscribe(changed)

    # Images

    async def ensure_image(self, reference: str, pull: bool, credentials: Sequence[Credentials] = ()) -> ImageStatus:
        with translated():
            return await self._images.ensure(reference, pull, credentials)

    def image(self, reference: str) -> ImageStatus | None:
        with translated():
            return self._images.find(reference)

    def images(self) -> Sequence[ImageStatus]:
        return self._images.all()

    async def remove_image(self, image: str) -> None:
        with translated():
            self._images.remove(image)

    # Sandboxes

    async def start_sandbox(self, spec: SandboxSpec) -> Sandbox:
        """One of the same pod and attempt that is not ready any more is removed before."""
        sandboxes = self._containers.sandboxes
        old = sandboxes.find(naming.sandbox_name(spec))
        if old is not None and not sandboxes.is_ready(old):
            await self.remove_sandbox(old.id)
        with translated():
            row = await sandboxes.start(requests.sandbox(spec, self._machine))
        self._weights.look()
        self._changes.tell(row.id)
        return self._sandbox(row)

    async def stop_sandbox(self, sandbox: str) -> None:
        if not self._containers.sandboxes.exists(sandbox):
            return
        with translated():
            await asyncio.gather(*(self._containers.stop(row.id, 0, "KILL") for row in self._containers.of(sandbox)))
            await self._containers.sandboxes.stop(sandbox)
        self._changes.tell(sandbox)

    async def remove_sandbox(self, sandbox: str) -> None:
        with translated():
            await asyncio.gather(*(self._containers.remove(row.id) for row in self._containers.of(sandbox)))
            await self._containers.sandboxes.remove(sandbox)
        if self._specs.pop(sandbox, None) is not None:
            self._weights.look()
            self._changes.tell(sandbox)

    async def set_sandbox_limits(self, sandbox: str, limits: Limits) -> None:
        with translated():
            row = self._containers.sandboxes.get(sandbox)
            spec = replace(self._spec(row), limits=limits)
            await self._containers.sandboxes.limit(sandbox, of_running(limits), requests.note(spec))
        self._weights.look()

    # Containers

    async def create_container(self, sandbox: str, spec: ContainerSpec) -> str:
        with translated():
            row = self._containers.sandboxes.get(sandbox)
            pod = self._spec(row)
            known = self._containers.named(naming.container_name(pod, spec))
            if known is not None:
                return known.id
            user = self._engine_images.get(spec.image).config.config.user or ""
            return self._containers.create(requests.container(spec, pod, row, user, self._machine)).id

    async def start_container(self, container: str) -> None:
        with translated():
            await _whole(self._containers.start(container))

    async def stop_container(self, container: str, grace_seconds: float, signal: str = "") -> None:
        with translated():
            await self._containers.stop(container, max(grace_seconds, 0.0), signal or None)

    async def remove_container(self, container: str) -> None:
        with translated():
            await self._containers.remove(container)

    async def set_limits(self, container: str, limits: Limits) -> None:
        with translated():
            host = put(self._containers.get(container).host, limits, self._machine.least_oom_score_adj)
            await self._containers.limit(container, host, of_running(limits))

    def usage(self, container: str) -> Usage | None:
        try:
            figures = self._containers.figures(container)
        except NotFound:
            return None
        if figures is None:
            return None
        return Usage(
            figures.cpu.total_nanoseconds, figures.memory.working_set_bytes, time.time_ns(), figures.pids.current
        )

    # Streams

    async def execute(self, container: str, command: Sequence[str], timeout_seconds: float) -> Executed:
        return await execute(self._containers, container, command, timeout_seconds)

    def open_exec(self, container: str, command: Sequence[str], tty: bool, stdin: bool) -> Execution:
        config = ExecConfig(Cmd=list(command), Tty=tty, AttachStdin=stdin, AttachStdout=True, AttachStderr=not tty)
        return Execution(self._containers, container, config)

    def open_attach(self, container: str, stdin: bool) -> Attached:
        return Attached(self._containers, container, stdin)

    async def connect(self, sandbox: str, port: int) -> int:
        """To the pod's loopback, as the kubelet's port-forward does: whoever listens there need not be reachable
        otherwise."""
        with translated():
            row = self._containers.sandboxes.get(sandbox)
            network = self._containers.sandboxes.open_network(row)
        try:
            return await _connect(network, port)
        finally:
            if network is not None:
                os.close(network)


async def _whole(start: Awaitable[None]) -> None:
    """Though the caller is cancelled: a start that is given up ends what runs already, and a pod whose containers do
    not start again would have failed because its node was stopped at that moment."""
    task = asyncio.ensure_future(start)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # seen: the next look tells
        raise


async def _connect(network: int | None, port: int) -> int:
    refusal: OSError | None = None
    for address in _LOOPBACK:
        try:
            sock = _socket(network, socket.AF_INET6 if ":" in address else socket.AF_INET)
        except OSError as error:
            refusal = refusal or error
            continue
        try:
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
            return sock.detach()
        except OSError as error:
            refusal = refusal or error
        finally:
            sock.close()
    assert refusal is not None
    reason = os.strerror(refusal.errno or errno.EIO).lower()
    raise Unavailable(f"failed to connect to localhost:{port} inside the pod: {reason}") from refusal


def _socket(network: int | None, family: int) -> socket.socket:
    """A socket stays in the network namespace that it was made in."""
    if network is None:
        return socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    with inside(network):
        return socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
