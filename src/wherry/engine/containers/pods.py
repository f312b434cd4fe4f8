"""The containers of pods, as the node's agent asks for them: by full id, and as rows instead of Docker's documents."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wherry.engine.containers import attaching
from wherry.engine.containers.creation import Creation, Request
from wherry.engine.containers.execs import Client, Execs
from wherry.engine.containers.facts import LOG_NAME
from wherry.engine.containers.lifecycle import Lifecycle
from wherry.engine.containers.model import ExecConfig, HostConfig
from wherry.engine.containers.removal import Removal
from wherry.engine.containers.row import Container
from wherry.engine.containers.surroundings import Surroundings, Work
from wherry.engine.sandboxes import Sandboxes
from wherry.kit.errors import Conflict, NotFound, NotModified
from wherry.linux.cgroup import Stats


class PodContainers:
    """Call it on the event loop's thread. Methods raise NotFound for what is no container of a pod."""

    def __init__(
        self, around: Surroundings, creation: Creation, lifecycle: Lifecycle, removal: Removal, execs: Execs, work: Work
    ) -> None:
        self._work = work
        self._around = around
        self._creation = creation
        self._lifecycle = lifecycle
        self._removal = removal
        self._execs = execs

    @property
    def sandboxes(self) -> Sandboxes:
        return self._around.sandboxes

    def __iter__(self) -> Iterator[Container]:
        return (one for one in self._around.registry if one.pod is not None)

    def of(self, sandbox_id: str) -> list[Container]:
        """Those of one sandbox."""
        return [one for one in self._around.registry if one.pod is not None and one.pod.sandbox == sandbox_id]

    def get(self, container_id: str) -> Container:
        if self._around.registry.exists(container_id):
            found = self._around.registry.get(container_id)
            if found.pod is not None:
                return found
        raise NotFound(f"No such container: {container_id}")

    def named(self, name: str) -> Container | None:
        if self._around.registry.is_free(name):
            return None
        found = self._around.registry.get(name)
        return found if found.pod is not None else None

    def log(self, container: Container) -> Path:
        return self._around.directory(container) / LOG_NAME

    def layer(self, container: Container) -> Path:
        """The directory that has what it has written besides its volumes."""
        return self._around.directory(container) / "upper"

    def create(self, request: Request) -> Container:
        """NotFound (its image, its sandbox), Invalid, Conflict, as of :meth:`.containers.Containers.create`."""
        container, _warnings = self._creation.create(request)
        self._around.tell(container, "create")
        return container

    async def start(self, container_id: str) -> None:
        """Nothing when it runs. Invalid with what kept it from running; Unavailable when its sandbox is not whole."""
        container = self.get(container_id)
        try:
            await self._lifecycle.start(container)
        except NotModified:
            pass

    async def stop(self, container_id: str, seconds: float, signal: str | None = None) -> None:
        """Ask it to end, insist after ``seconds``; returns when it has ended. Nothing when it does not run."""
        try:
            await self._lifecycle.stop(self.get(container_id), seconds, signal)
        except NotModified:
            pass

    async def remove(self, container_id: str) -> None:
        """With what it has written; one that runs is killed. Idempotent."""
        while self._around.registry.exists(container_id):
            try:
                await self._removal.remove(self.get(container_id), force=True, volumes=True)
            except NotFound:
                return
            except Conflict:  # somebody else is removing it right now
                await asyncio.sleep(0.01)

    async def limit(self, container_id: str, host: HostConfig, resources: Mapping[str, Any]) -> None:
        """Set limits of a running container's cgroup (OCI ``linux.resources``); ``host`` says the same in its row."""
        container = self.get(container_id)
        async with self._around.registry.live(container).lock:
            if container.pid:
                group = self._around.group(self._around.cgroup(container))
                await asyncio.to_thread(group.apply, resources)
            container.host = host
            self._around.registry.save(container)
            self._around.tell(container, "update")

    def figures(self, container_id: str) -> Stats | None:
        """What it has used; None when it does not run."""
        container = self.get(container_id)
        if not container.pid:
            return None
        try:
            return self._around.group(self._around.cgroup(container)).stats()
        except OSError:
            return None  # it has just ended

    async def ended(self, container_id: str) -> int:
        """Exit code, when it does not run (any more)."""
        return (await self._around.waiting.wait(self.get(container_id), "not-running")).status_code

    # Streams

    async def attach(self, container_id: str, fd: int, stdin: bool) -> None:
        """Give a connected stream socket to a running container. Takes ``fd`` over. Conflict when it does not run."""
        try:
            container = self.get(container_id)
            if self._around.registry.live(container).task is None:
                raise Conflict(f"container {container_id} is not running")
        except BaseException:
            os.close(fd)
            raise
        await attaching.attach(self._around, container, fd, attaching.Wish(stdin=stdin, detaches=False))

    async def resize(self, container_id: str, height: int, width: int) -> None:
        """Of its terminal; nothing when it does not run."""
        task = self._around.registry.live(self.get(container_id)).task
        if task is not None:
            await task.resize(height, width)

    async def execute(self, container_id: str, config: ExecConfig, fd: int) -> str:
        """Start a command in it; the id of that. Takes ``fd`` over. Invalid when it cannot be run, Conflict when the
        container does not run."""
        try:
            exec_id = self._execs.create(self.get(container_id), config)
        except BaseException:
            os.close(fd)
            raise
        starting = asyncio.get_running_loop().create_task(self._execs.start(exec_id, Client(fd, detaches=False), None))
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._work.begin(self._abandon(starting, exec_id))
            raise
        return exec_id

    async def _abandon(self, starting: "asyncio.Task[None]", exec_id: str) -> None:
        """Nobody wants it any more: end it as soon as it has begun."""
        await asyncio.gather(starting, return_exceptions=True)
        await self._execs.kill(exec_id)

    async def exec_ended(self, exec_id: str) -> int:
        """Its exit code, when it has ended."""
        return await self._execs.wait(exec_id)

    async def exec_kill(self, exec_id: str) -> None:
        await self._execs.kill(exec_id)

    async def exec_resize(self, exec_id: str, height: int, width: int) -> None:
        await self._execs.resize(exec_id, height, width)
