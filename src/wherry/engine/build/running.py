"""RUN: one program on the layers so far, as a container; what it writes becomes a layer."""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.layers import Layers, Target
from wherry.engine.build.model import Limits
from wherry.engine.containers.model import Config, HostConfig, Ulimit
from wherry.engine.containers.row import MountPoint
from wherry.engine.containers.steps import Ended, Step, Steps
from wherry.engine.images.threads import in_thread

_HEADER = struct.Struct(">BxxxI")  # Docker's frame: stream, three zero bytes, size
_READ_BYTES = 1 << 16
# Places that the runtime makes for its own mounts when the image lacks them.
_OWN_STUBS = frozenset({"/proc", "/sys", "/dev", "/dev/console", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"})

OutputTo = Callable[[int, bytes], None]
"""Is told the stream (1 or 2) and what came on it."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. ``environment`` as ``NAME=value``; ``user`` in Docker's grammar; ``network`` as
    :class:`.model.Options` has it.

    ``mounts`` are resolved; ``trees`` makes those without a path (see ``containers.starting.Ground``).
    """

    arguments: Sequence[str]
    environment: Sequence[str]
    directory: str = "/"
    user: str = ""
    network: str = "default"
    insecure: bool = False
    limits: Limits = field(default_factory=Limits)
    extra_hosts: Sequence[str] = ()
    mounts: Sequence[MountPoint] = ()
    trees: Callable[[int, int | None], dict[str, int]] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """``layer`` is None when the program failed: then ``code`` is not 0, and ``message`` says why it did not start."""

    layer: CachedLayer | None
    code: int = 0
    message: str = ""
    oom_killed: bool = False


class Runner:
    """``layers_of`` gives the directories of a chain, the topmost first."""

    def __init__(self, steps: Steps, layers: Layers, layers_of: Callable[[list[str]], list[Path]]) -> None:
        self._steps = steps
        self._layers = layers
        self._layers_of = layers_of

    async def run(self, command: Command, target: Target, output: OutputTo) -> Outcome:
        """Run on the target's stack; cancelling ends the program. Invalid for what cannot be run."""
        ours, theirs = socket.socketpair()
        step = Step(
            self._layers_of(target.chain_ids), _config(command), _host(command), tuple(command.mounts), command.trees
        )
        with ExitStack() as stack:
            stack.callback(ours.close)
            reading = asyncio.ensure_future(_read(ours, output))
            try:
                async with self._steps.run(step, theirs.detach()) as ended:
                    await asyncio.wait_for(asyncio.shield(reading), 10)
                    return await self._outcome(command, ended, target)
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _outcome(self, command: Command, ended: Ended, target: Target) -> Outcome:
        if ended.exit.code or ended.message:
            return Outcome(None, ended.exit.code, ended.message, ended.exit.oom_killed)
        stubs = _OWN_STUBS | {mount.destination for mount in command.mounts}
        options = target.options(first_id=ended.first_id, stubs=frozenset(stubs))
        return Outcome(await in_thread(self._layers.make, ended.upper, target, options))


def _config(command: Command) -> Config:
    return Config(
        Cmd=list(command.arguments), Env=list(command.environment), User=command.user, WorkingDir=command.directory
    )


def _host(command: Command) -> HostConfig:
    limits = command.limits
    return HostConfig(
        NetworkMode={"default": "bridge"}.get(command.network, command.network),
        Privileged=command.insecure,
        Memory=limits.memory_bytes,
        MemorySwap=limits.memory_swap_bytes,
        CpuShares=limits.cpu_shares,
        CpuPeriod=limits.cpu_period,
        CpuQuota=limits.cpu_quota,
        CpusetCpus=limits.cpuset_cpus,
        CpusetMems=limits.cpuset_mems,
        ShmSize=limits.shm_bytes,
        Ulimits=[Ulimit(Name=name, Soft=soft, Hard=hard) for name, soft, hard in limits.ulimits],
        ExtraHosts=list(command.extra_hosts),
    )


async def _read(sock: socket.socket, output: OutputTo) -> None:
    """Take Docker's frames apart until the other end closes."""
    reader, writer = await asyncio.open_connection(sock=sock)
    try:
        while True:
            stream, size = _HEADER.unpack(await reader.readexactly(_HEADER.size))
            while size:
                data = await reader.read(min(size, _READ_BYTES))
                if not data:
                    return
                size -= len(data)
                output(stream, data)
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()
