"""The sandboxes of an instance: made, found again, removed."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec

from wherry.engine.database import Database
from wherry.engine.networks.model import Endpoint
from wherry.engine.runtime.model import Sandbox
from wherry.engine.sandboxes import groups
from wherry.engine.sandboxes.making import Around, Maker, Making
from wherry.engine.sandboxes.model import PodSandbox, Wanted
from wherry.engine.sandboxes.rows import Rows
from wherry.kit.errors import Invalid, NotFound, Unavailable

_T = TypeVar("_T")


class Sandboxes:
    """Call it on the event loop's thread. What was begun is finished, also when the caller is cancelled."""

    def __init__(self, database: Database, around: Around) -> None:
        """Which ids are had at the start, whoever gives ids asks for itself."""
        self._around = around
        self._maker = Maker(around)
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
        return "pid" not in sandbox.kinds or bool(self._maker.holder_group(sandbox).pids())

    def ready(self) -> set[str]:
        """Ids of those that are."""
        return {one.id for one in self if self.is_ready(one)}

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
        return await self._finish(wanted.cgroup, self._start(wanted))

    async def _start(self, wanted: Wanted) -> PodSandbox:
        found = self.find(wanted.name)
        if found is not None and self.is_ready(found):
            return found
        if found is not None:
            await self._remove(found.id)
        making = await self._maker.begin(wanted)
        try:
            await self._maker.furnish(making, wanted)
            self._rows.put(making.sandbox)
        except BaseException:
            await self._maker.undo(making, self._is_shared(making.sandbox))
            raise
        return self._add(making)

    def _add(self, making: Making) -> PodSandbox:
        sandbox = making.sandbox
        self._sandboxes[sandbox.id] = sandbox
        if making.waiting is not None:
            self._waiting[sandbox.id] = making.waiting
        return sandbox

    async def remove(self, sandbox_id: str) -> None:
        """Of which no container is left. Idempotent."""
        found = self._sandboxes.get(sandbox_id)
        if found is not None:
            await self._finish(found.cgroup, self._remove(sandbox_id))

    async def _remove(self, sandbox_id: str) -> None:
        """The row first: what a crash leaves behind it, the next start removes."""
        sandbox = self._sandboxes.get(sandbox_id)
        if sandbox is None:
            return
        self._rows.delete(sandbox_id)
        del self._sandboxes[sandbox_id]
        try:
            await self._give_back(sandbox)
        finally:
            if sandbox.ids is not None:
                self._around.release(sandbox.ids)

    async def stop(self, sandbox_id: str) -> None:
        """Of which no container runs: give back all it has in the kernel. Its row and its ids stay. Idempotent."""
        found = self._sandboxes.get(sandbox_id)
        if found is not None:
            await self._finish(found.cgroup, self._stop(sandbox_id))

    async def _stop(self, sandbox_id: str) -> None:
        sandbox = self._sandboxes.get(sandbox_id)
        if sandbox is not None:
            await self._give_back(sandbox)

    async def _give_back(self, sandbox: PodSandbox) -> None:
        waiting = self._waiting.pop(sandbox.id, None)
        if waiting is not None:
            await waiting.discard()
        await self._maker.give_back(sandbox, self._is_shared(sandbox))

    def _is_shared(self, sandbox: PodSandbox) -> bool:
        """Whether another has its cgroup: an earlier or later attempt of the same pod."""
        return any(one.cgroup == sandbox.cgroup and one.id != sandbox.id for one in self)

    async def limit(self, sandbox_id: str, resources: Mapping[str, Any], note: Mapping[str, Any]) -> None:
        """Change the limits of its cgroup, and its note. NotFound, KernelError."""
        await asyncio.to_thread(self._maker.group(self.get(sandbox_id)).apply, resources)
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

    async def place(self, sandbox: PodSandbox, beside: int | None = None) -> Sandbox:
        """A process that waits in its namespaces to become a container. Unavailable when it is not whole.
        ``beside``: the host's pid of a process in it, whose pid namespace is joined."""
        if beside is not None:
            return await self._around.runtime.spawn(self._maker.isolation(sandbox, beside=beside))
        waiting = self._waiting.pop(sandbox.id, None)
        if waiting is not None and waiting.alive:
            return waiting
        if waiting is not None:
            await waiting.discard()
        if not self.is_ready(sandbox):
            raise Unavailable(f"sandbox {sandbox.id[:12]} is not ready: what it was made of is gone")
        return await self._around.runtime.spawn(self._maker.isolation(sandbox))

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
                self._maker.holder_group(sandbox).kill()
        self._around.pins.remove_all()

    # Inside

    async def _finish(self, cgroup: str, work: Coroutine[Any, Any, _T]) -> _T:
        """Do it, one thing at a time a pod, whatever becomes of the caller."""
        task = asyncio.get_running_loop().create_task(self._alone(cgroup, work))
        self._work.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def _alone(self, cgroup: str, work: Coroutine[Any, Any, _T]) -> _T:
        lock = self._locks.setdefault(cgroup, asyncio.Lock())  # whoever holds it keeps it there
        async with lock:
            return await work

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._work.discard(task)
        if not task.cancelled():
            task.exception()  # who waited for it may be gone
