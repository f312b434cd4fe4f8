"""A sandbox made of what the kernel has, and given back to it: each step, and what undoes it."""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from wherry.engine.instance import Instance
from wherry.engine.networks import Networks
from wherry.engine.networks.model import Endpoint
from wherry.engine.runtime.model import IdRange, Isolation, Namespace, Runtime, Sandbox
from wherry.engine.sandboxes.model import PodSandbox, Wanted
from wherry.engine.sandboxes.needs import Group, Made, Pins, Pool

_log = logging.getLogger(__name__)


class Around(msgspec.Struct, frozen=True):
    """The engine around sandboxes. ``group`` gives a cgroup by its path, ``groups`` the paths below the instance's of
    all that sandboxes have or had; ``release`` takes ids back; ``now`` is in nanoseconds since 1970."""

    instance: Instance
    runtime: Runtime
    networks: Networks
    pool: Pool
    pins: Pins
    group: Callable[[str], Group]
    groups: Callable[[], list[str]]
    release: Callable[[int], None]
    now: Callable[[], int]


class Making(msgspec.Struct):
    """A sandbox on its way: what is to be undone when a step fails. ``waiting`` is a process for a container of it."""

    sandbox: PodSandbox
    waiting: Sandbox | None
    endpoint: Endpoint | None
    connected: bool = False


class Maker:
    """Knows of one sandbox at a time. Raises Conflict when a port is taken, Unavailable, StartFailed, KernelError."""

    def __init__(self, around: Around) -> None:
        self._around = around

    async def begin(self, wanted: Wanted) -> Making:
        """With ids of its own: what was made ahead of time, network and all, is most of it."""
        if not wanted.mapped:
            return Making(_sandbox(wanted, None, self._around.now()), None, None)
        made = await self._around.pool.take(True)
        return Making(_sandbox(wanted, made, self._around.now()), made.sandbox, made.endpoint)

    async def furnish(self, making: Making, wanted: Wanted) -> None:
        around, sandbox = self._around, making.sandbox
        pid = making.waiting.pid if making.waiting is not None else None
        await _all(
            asyncio.to_thread(around.pins.make, sandbox, wanted, pid),
            asyncio.to_thread(self._make_group, sandbox),
        )
        if making.endpoint is None and not sandbox.host_network:
            making.endpoint = await self._wire(sandbox)
        around.pins.write(sandbox, wanted.texts(making.endpoint.addresses if making.endpoint is not None else ()))
        if making.endpoint is not None:
            await around.networks.connect(making.endpoint, sandbox.id, sandbox.name, wanted.ports)
            making.connected = True
        if "pid" in sandbox.kinds:
            await self._hold(making)

    def _make_group(self, sandbox: PodSandbox) -> None:
        group = self.group(sandbox)
        group.create()
        group.apply(sandbox.resources)

    async def _wire(self, sandbox: PodSandbox) -> Endpoint:
        namespace = self._around.pins.open(sandbox, "net")
        try:
            return await self._around.networks.wire(namespace)
        finally:
            os.close(namespace)

    async def _hold(self, making: Making) -> None:
        """Leave a process in it that is process 1 for all its containers."""
        sandbox = making.sandbox
        if making.waiting is None:
            making.waiting = await self._around.runtime.spawn(self.isolation(sandbox, with_processes=False))
        self._around.pins.pin_processes(sandbox, making.waiting.pid)
        await asyncio.to_thread(self._enter_holder, sandbox, making.waiting.pid)
        holder, making.waiting = making.waiting, None
        await holder.hold()

    def _enter_holder(self, sandbox: PodSandbox, pid: int) -> None:
        group = self.holder_group(sandbox)
        group.create()
        group.attach(pid)

    async def undo(self, making: Making, keeps_group: bool) -> None:
        """``keeps_group``: another sandbox has the same cgroup."""
        around, sandbox = self._around, making.sandbox
        if making.waiting is not None:
            await making.waiting.discard()
        if making.endpoint is not None and not making.connected:
            await around.networks.discard(making.endpoint)
        try:
            await self.give_back(sandbox, keeps_group)
        except OSError:
            _log.exception("sandbox %s: undoing a start that failed", sandbox.name)
        if sandbox.ids is not None:
            around.release(sandbox.ids)

    async def give_back(self, sandbox: PodSandbox, keeps_group: bool) -> None:
        """All it has in the kernel, but for ids. Idempotent; what runs in it is killed."""
        await self._around.networks.disconnect(sandbox.id)
        await asyncio.to_thread(self._clear, sandbox, keeps_group)

    def _clear(self, sandbox: PodSandbox, keeps_group: bool) -> None:
        group = self.holder_group(sandbox) if keeps_group else self.group(sandbox)
        try:
            group.kill()
        finally:
            self._around.pins.remove(sandbox.id)
        group.delete()

    def group(self, sandbox: PodSandbox) -> Group:
        return self._around.group(f"{self._around.instance.cgroup_parent}/{sandbox.cgroup}")

    def holder_group(self, sandbox: PodSandbox) -> Group:
        """Of the process that holds its pid namespace."""
        return self._around.group(f"{self._around.instance.cgroup_parent}/{sandbox.cgroup}/{sandbox.id}")

    def isolation(self, sandbox: PodSandbox, with_processes: bool = True, beside: int | None = None) -> Isolation:
        """Of a container in it, which joins what is pinned. ``with_processes``: and the pid namespace; ``beside``: that
        of this process (the host's pid), whatever is pinned."""

        def kind(is_host: bool) -> Namespace:
            return Namespace.HOST if is_host else Namespace.NEW

        pins = {name: self._around.pins.path(sandbox, name) for name in sandbox.kinds}
        return Isolation(
            ids=IdRange(sandbox.ids) if sandbox.ids is not None else None,
            network=kind(sandbox.host_network),
            pid=kind(sandbox.host_pid),
            ipc=kind(sandbox.host_ipc),
            uts=kind(sandbox.host_network),
            join_user=pins.get("user"),
            join_network=pins.get("net"),
            join_ipc=pins.get("ipc"),
            join_uts=pins.get("uts"),
            join_pid=beside or (pins.get("pid") if with_processes else None),
        )


def _sandbox(wanted: Wanted, made: Made | None, now: int) -> PodSandbox:
    return PodSandbox(
        id=secrets.token_hex(32),
        name=wanted.name,
        created=now,
        hostname=wanted.hostname,
        cgroup=wanted.cgroup,
        ids=made.ids if made is not None else None,
        host_network=wanted.host_network,
        host_pid=wanted.host_pid,
        host_ipc=wanted.host_ipc,
        shares_processes=wanted.shares_processes,
        resources=dict(wanted.resources),
        note=dict(wanted.note),
    )


async def _all(*work: Coroutine[Any, Any, None]) -> None:
    """Wait for all, also when one fails; then raise what the first one raised."""
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
