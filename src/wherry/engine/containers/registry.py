"""The containers there are: found by id, beginning of an id, or name; kept in memory, written through to their rows."""

import asyncio
from collections.abc import Iterator

from wherry.engine.containers.row import Container, Rows
from wherry.engine.database import Database
from wherry.engine.images.model import ImageUse
from wherry.engine.runtime.model import Attachment, Task
from wherry.kit.errors import Conflict, Invalid, NotFound


class Live:
    """What a container has only in memory: its task, who waits for it, clients attached before its start."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.task: Task | None = None
        self.cleaned = asyncio.Event()  # not set from a start to the end of the clean-up after it
        self.cleaned.set()
        self.waiters: dict[str, list[asyncio.Future[tuple[int, str]]]] = {}
        self.early_clients: list[Attachment] = []
        self.restart: asyncio.Task[None] | None = None
        self.health: str = ""


class Registry:
    def __init__(self, database: Database) -> None:
        self._rows = Rows(database)
        self._containers = {one.id: one for one in self._rows.all()}
        self._names = {one.name: one.id for one in self._containers.values()}
        self._live: dict[str, Live] = {}

    def __iter__(self) -> Iterator[Container]:
        return iter(list(self._containers.values()))

    def get(self, ref: str) -> Container:
        """By id, name or unambiguous beginning of an id; NotFound in Docker's words."""
        name = ref.removeprefix("/")
        found = self._containers.get(ref) or self._containers.get(self._names.get(name, ""))
        if found is not None:
            return found
        matches = [one for one in self._containers.values() if ref and one.id.startswith(ref)]
        if len(matches) > 1:
            raise Invalid(f"Multiple IDs found with provided prefix: {ref}")
        if not matches:
            raise NotFound(f"No such container: {ref}")
        return matches[0]

    def exists(self, container_id: str) -> bool:
        return container_id in self._containers

    def check_name(self, name: str) -> None:
        if name in self._names:
            raise Conflict(
                f'Conflict. The container name "/{name}" is already in use by container "{self._names[name]}". '
                "You have to remove (or rename) that container to be able to reuse that name."
            )

    def live(self, container: Container) -> Live:
        return self._live.setdefault(container.id, Live())

    def add(self, container: Container) -> None:
        self.check_name(container.name)
        self._rows.insert(container)
        self._containers[container.id] = container
        self._names[container.name] = container.id

    def save(self, container: Container) -> None:
        self._rows.save(container)

    def rename(self, container: Container, name: str) -> None:
        self.check_name(name)
        old, container.name = container.name, name
        try:
            self._rows.save(container)
        except BaseException:
            container.name = old
            raise
        del self._names[old]
        self._names[name] = container.id

    def image_users(self, image_id: str) -> list[ImageUse]:
        """The containers made from an image."""
        return [ImageUse(one.id, one.is_active) for one in self._containers.values() if one.image == image_id]

    def drop(self, container: Container) -> None:
        self._rows.delete(container.id)
        self._containers.pop(container.id, None)
        self._names.pop(container.name, None)
        self._live.pop(container.id, None)
