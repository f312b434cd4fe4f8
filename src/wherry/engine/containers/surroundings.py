"""What the parts of this package share: the engine around them, and what all of them do alike."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wherry.engine.containers.changes import Changes
from wherry.engine.containers.idranges import IdRanges
from wherry.engine.containers.needs import Group, ImageSource
from wherry.engine.containers.pool import Pool
from wherry.engine.containers.registry import Registry
from wherry.engine.containers.row import Container
from wherry.engine.containers.waiting import Waiting
from wherry.engine.events import EventSink
from wherry.engine.instance import Instance
from wherry.engine.networks import Networks
from wherry.engine.runtime.model import Runtime
from wherry.engine.sandboxes import PodSandbox, Sandboxes
from wherry.engine.snapshots import Snapshots
from wherry.engine.trash import Trash
from wherry.engine.volumes import Volumes


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The engine around containers; ``group`` gives a container's cgroup by its path, ``now`` is in nanoseconds."""

    instance: Instance
    runtime: Runtime
    images: ImageSource
    snapshots: Snapshots
    networks: Networks
    volumes: Volumes
    events: EventSink
    registry: Registry
    ranges: IdRanges
    pool: Pool
    sandboxes: Sandboxes
    group: Callable[[str], Group]
    now: Callable[[], int]
    waiting: Waiting = field(default_factory=Waiting)
    changes: Changes = field(default_factory=Changes)
    trash: Trash = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "trash", Trash(self.instance.tmp))

    def directory(self, container: Container) -> Path:
        """A container's own directory."""
        return self.instance.containers / container.id

    def cgroup(self, container: Container) -> str:
        """Path of a container's cgroup below each hierarchy."""
        parent = container.host.CgroupParent.strip("/")
        base = self.instance.cgroup_parent
        return f"{base}/{parent}/{container.id}" if parent else f"{base}/{container.id}"

    def sandbox(self, container: Container) -> PodSandbox | None:
        """What it shares with the other containers of its pod; None when it is of none. NotFound when that is gone."""
        return self.sandboxes.get(container.pod.sandbox) if container.pod is not None else None

    def tell(self, container: Container, action: str, **more: str) -> None:
        """Publish an event of a container, with Docker's attributes: its labels, image and name."""
        attributes = {**(container.config.Labels or {}), "image": container.image_name, "name": container.name, **more}
        self.events.publish("container", action, container.id, attributes)


class Work:
    """Coroutines that go on beside requests. None is lost, and all end with the engine."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self.closing = False

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Cancel what is under way. A start of the engine takes it up again."""
        self.closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
