"""The sandboxes of an instance: made, found again, removed."""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec

from wherry.engine.database import Database
from wherry.engine.instance import Instance
from wherry.engine.networks import Networks
from wherry.engine.networks.model import Endpoint
from wherry.engine.runtime.model import IdRange, Isolation, Namespace, Runtime, Sandbox
from wherry.engine.sandboxes import groups
from wherry.engine.sandboxes.model import PodSandbox, Wanted
from wherry.engine.sandboxes.needs import Group, Made, Pins, Pool
from wherry.engine.sandboxes.rows import Rows
from wherry.kit.errors import Invalid, NotFound, Unavailable

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Around:
    """The engine around sandboxes. ``group`` gives a cgroup by its path, ``groups`` the paths below the instance's of
    all that sandboxes have or had; ``now`` is in nanoseconds since 1970."""

    instance: Instance
    runtime: Runtime
    networks: Networks
    pool: Pool
    pins: Pins
    group: Callable[[str], Group]
    groups: Callable[[], list[str]]
    now: Callable[[], int]


@dataclass(slots=True)
class _Making:
    """A sandbox on its way: what is to be undone when a step fails. ``waiting`` is a process for a container of it."""

    sandbox: PodSandbox
    waiting: Sandbox | None
    endpoint: Endpoint | None
    connected: bool = False


class Sandboxes:
    """Call it on the event loop's thread. What was begun is finished, also when the caller is cancelled."""

    def __init__(self, database: Database, around: Around, release: Callable[[int], None]) -> None:
        """``release`` is told of ids that a sandbox had; which ids are had at the start, whoever gives them asks."""
        self._around = around
        self._release = release
        self._rows = Rows(database)
        self._sandboxes = {one.id: one for one in self._rows.all()}
        self._waiting: dict[str, Sandbox] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._work: set[asyncio.Task[Any]] = set()

    # What there is

    def __iter__(self) -> Iterator[PodSandbox]:
        return iter(list(self._sandboxes.values()))

    def get(self, sandbox_id: str) -> PodSandbox:
        """NotFound."""
        found = self._sandboxes.get(sandbox_id)
        if found is None:
            raise NotFound(f"No such sandbox: {sandbox_id}")
        return found

    def find(self, name: str) -> PodSandbox | None:
        return next((one for one in self._sandboxes.values() if one.name == name), None)

    def exists(self, sandbox_id: str) -> bool:
        return sandbox_id in self._sandboxes

    def is_ready(self, sandbox: PodSandbox) -> bool:
        """Whether containers can be started in it: all that it is made of is there."""
        if not self._around.pins.is_whole(sandbox):
            return False
        return "pid" not in sandbox.kinds or bool(self._holder_group(sandbox).pids())

    def endpoint(self, sandbox: PodSandbox) -> Endpoint | None:
        """Its place on the bridge; None with the host's network, and when it is not ready."""
        return self._around.networks.endpoint(sandbox.id)

    def file(self, sandbox: PodSandbox, name: str) -> str:
        """The host's path of a file of it (see the package's docstring)."""
        return str(self._around.pins.path(sandbox, name))

    def open_network(self, sandbox: PodSandbox) -> int | None:
        """A descriptor of its network namespace, the caller's; None: it has the host's. Unavailable when it is gone."""
        if sandbox.host_network:
            return None
        try:
            return self._around.pins.open(sandbox, "net")
        except OSError as error:
            raise Unavailable(f"sandbox {sandbox.id[:12]} is not ready: {error}") from error

    # Making and removing

    async def start(self, wanted: Wanted) -> PodSandbox:
        """A sandbox of that name, which is ready: the one there is, or a new one. All or nothing.

        Conflict when a port is taken, Invalid for what cannot be, Unavailable and KernelError for what may be later.
        """
        if wanted.mapped and wanted.shares_with_host:
            raise Invalid("a sandbox with a user namespace of its own cannot share the host's network, pid or IPC")
        return await self._finish(self._start(wanted))

    async def _start(self, wanted: Wanted) -> PodSandbox:
        async with self._lock(wanted.name):
            found = self.find(wanted.name)
            if found is not None and self.is_ready(found):
                return found
            if found is not None:
                await self._remove(found)
            return await self._make(wanted)

    async def _make(self, wanted: Wanted) -> PodSandbox:
        made = await self._around.pool.take(True) if wanted.mapped else None
        making = _Making(_sandbox(wanted, made, self._around.now()), made.sandbox if made else None, None)
        making.endpoint = made.endpoint if made else None
        try:
            await self._furnish(making, wanted)
            self._rows.put(making.sandbox)
        except BaseException:
            await self._undo(making)
            raise
        self._sandboxes[making.sandbox.id] = making.sandbox
        if making.waiting is not None:
            self._waiting[making.sandbox.id] = making.waiting
        return making.sandbox

    async def _furnish(self, making: _Making, wanted: Wanted) -> None:
        around, sandbox = self._around, making.sandbox
        pid = making.waiting.pid if making.waiting is not None else None
        await _all(
            asyncio.to_thread(around.pins.make, sandbox, wanted, pid),
            asyncio.to_thread(self._make_group, sandbox),
        )
        if making.endpoint is None and not sandbox.host_network:
            making.endpoint = await self._wire(sandbox)
        address = making.endpoint.address if making.endpoint is not None else None
        around.pins.write(sandbox, wanted.texts(address))
        if making.endpoint is not None:
            await around.networks.connect(making.endpoint, sandbox.id, sandbox.name, wanted.ports)
            making.connected = True
        if "pid" in sandbox.kinds:
            await self._hold(making)

    def _make_group(self, sandbox: PodSandbox) -> None:
        group = self._group(sandbox)
        group.create()
        group.apply(sandbox.resources)

    async def _wire(self, sandbox: PodSandbox) -> Endpoint:
        namespace = self._around.pins.open(sandbox, "net")
        try:
            return await self._around.networks.wire(namespace)
        finally:
            os.close(namespace)

    async def _hold(self, making: _Making) -> None:
        """Leave a process in it that is process 1 for all its containers."""
        sandbox = making.sandbox
        if making.waiting is None:
            making.waiting = await self._around.runtime.spawn(self._isolation(sandbox, with_processes=False))
        self._around.pins.pin_processes(sandbox, making.waiting.pid)
        await asyncio.to_thread(self._enter_holder, sandbox, making.waiting.pid)
        holder, making.waiting = making.waiting, None
        await holder.hold()

    def _enter_holder(self, sandbox: PodSandbox, pid: int) -> None:
        group = self._holder_group(sandbox)
        group.create()
        group.attach(pid)

    async def _undo(self, making: _Making) -> None:
        around, sandbox = self._around, making.sandbox
        if making.waiting is not None:
            await making.waiting.discard()
        if making.endpoint is not None and not making.connected:
            await around.networks.discard(making.endpoint)
        try:
            await self._let_go(sandbox)
        except OSError:
            _log.exception("sandbox %s: undoing a start that failed", sandbox.name)

    async def remove(self, sandbox_id: str) -> None:
        """Of which no container is left. Idempotent."""
        found = self._sandboxes.get(sandbox_id)
        if found is not None:
            await self._finish(self._remove_alone(found))

    async def _remove_alone(self, sandbox: PodSandbox) -> None:
        async with self._lock(sandbox.name):
            if sandbox.id in self._sandboxes:
                await self._remove(sandbox)

    async def _remove(self, sandbox: PodSandbox) -> None:
        """The row first: what a crash leaves behind it, the next start removes."""
        self._rows.delete(sandbox.id)
        del self._sandboxes[sandbox.id]
        await self._discard_waiting(sandbox)
        await self._let_go(sandbox)

    async def _discard_waiting(self, sandbox: PodSandbox) -> None:
        waiting = self._waiting.pop(sandbox.id, None)
        if waiting is not None:
            await waiting.discard()

    async def _let_go(self, sandbox: PodSandbox) -> None:
        try:
            await self._leave_kernel(sandbox)
        finally:
            if sandbox.ids is not None:
                self._release(sandbox.ids)

    async def _leave_kernel(self, sandbox: PodSandbox) -> None:
        await self._around.networks.disconnect(sandbox.id)
        shared = any(one.cgroup == sandbox.cgroup and one.id != sandbox.id for one in self)
        await asyncio.to_thread(self._clear, sandbox, shared)

    def _clear(self, sandbox: PodSandbox, keeps_group: bool) -> None:
        group = self._holder_group(sandbox) if keeps_group else self._group(sandbox)
        group.kill()
        self._around.pins.remove(sandbox.id)
        group.delete()

    async def stop(self, sandbox_id: str) -> None:
        """Of which no container runs: give back all it has in the kernel. Its row and its ids stay. Idempotent."""
        found = self._sandboxes.get(sandbox_id)
        if found is not None:
            await self._finish(self._stop_alone(found))

    async def _stop_alone(self, sandbox: PodSandbox) -> None:
        async with self._lock(sandbox.name):
            if sandbox.id in self._sandboxes:
                await self._discard_waiting(sandbox)
                await self._leave_kernel(sandbox)

    async def limit(self, sandbox_id: str, resources: Mapping[str, Any], note: Mapping[str, Any]) -> None:
        """Change the limits of its cgroup, and its note. NotFound, KernelError."""
        await asyncio.to_thread(self._group(self.get(sandbox_id)).apply, resources)
        sandbox = self._sandboxes.get(sandbox_id)
        if sandbox is not None:
            changed = msgspec.structs.replace(sandbox, resources=dict(resources), note=dict(note))
            self._rows.put(changed)
            self._sandboxes[sandbox_id] = changed

    async def limit_above(self, path: str, resources: Mapping[str, Any]) -> None:
        """Set limits of a cgroup that those of sandboxes lie in; ``path`` is below the instance's. KernelError."""
        group = self._around.group(f"{self._around.instance.cgroup_parent}/{path}")
        await asyncio.to_thread(group.apply, resources)

    # Containers in it

    async def place(self, sandbox: PodSandbox) -> Sandbox:
        """A process that waits in its namespaces to become a container. Unavailable when it is not whole."""
        waiting = self._waiting.pop(sandbox.id, None)
        if waiting is not None and waiting.alive:
            return waiting
        if waiting is not None:
            await waiting.discard()
        if not self.is_ready(sandbox):
            raise Unavailable(f"sandbox {sandbox.id[:12]} is not ready: what it was made of is gone")
        return await self._around.runtime.spawn(self._isolation(sandbox))

    def _isolation(self, sandbox: PodSandbox, with_processes: bool = True) -> Isolation:
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
            join_pid=pins.get("pid") if with_processes else None,
        )

    # Start and end of the engine

    async def recover(self) -> None:
        """Remove what has no row: made by halves, or removed by halves."""
        await asyncio.to_thread(self._remove_strangers)

    def _remove_strangers(self) -> None:
        around = self._around
        for sandbox_id in around.pins.there():
            if sandbox_id not in self._sandboxes:
                around.pins.remove(sandbox_id)
        for path in groups.strangers(around.groups(), (one.cgroup for one in self)):
            group = around.group(f"{around.instance.cgroup_parent}/{path}")
            group.kill()
            group.delete()

    def ready(self) -> set[str]:
        """Ids of those that are."""
        return {one.id for one in self if self.is_ready(one)}

    async def close(self) -> None:
        """Let go; sandboxes stay. Idempotent."""
        await asyncio.gather(*self._work, return_exceptions=True)
        while self._waiting:
            await self._waiting.popitem()[1].discard()

    async def shut_down(self) -> None:
        """Take them from the kernel (``wherry down``), when no container runs; their rows stay, as after a reboot."""
        await self.close()
        for sandbox in self:
            await self._around.networks.disconnect(sandbox.id)
        await asyncio.to_thread(self._end_all)

    def _end_all(self) -> None:
        for sandbox in self:
            if "pid" in sandbox.kinds:
                self._holder_group(sandbox).kill()
        self._around.pins.remove_all()

    # Inside

    async def _finish(self, work: Coroutine[Any, Any, _T]) -> _T:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._work.discard(task)
        if not task.cancelled():
            task.exception()  # who waited for it may be gone

    def _lock(self, name: str) -> asyncio.Lock:
        """Whoever holds it keeps it here."""
        return self._locks.setdefault(name, asyncio.Lock())

    def _group(self, sandbox: PodSandbox) -> Group:
        return self._around.group(f"{self._around.instance.cgroup_parent}/{sandbox.cgroup}")

    def _holder_group(self, sandbox: PodSandbox) -> Group:
        """Of the process that holds its pid namespace."""
        return self._around.group(f"{self._around.instance.cgroup_parent}/{sandbox.cgroup}/{sandbox.id}")


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
