"""The containers there are: found by id, beginning of an id, or name; kept in memory, written through to their rows."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager

from wherry.engine.containers.row import Container, Rows
from wherry.engine.database import Database
from wherry.engine.images.model import ImageUse
from wherry.engine.runtime.model import Attachment, Task
from wherry.kit.errors import Conflict, Invalid, NotFound


class Live:
    """What a container has only in memory.

    ``lock`` is held by each change that a client asks for. ``task`` is there while it runs. ``settled`` is set when
    nothing is left in the kernel of its last run. ``clients`` came before its start. ``restart`` is the restart that
    its policy waits for. ``keep``: its end is part of something else, so ``--rm`` does not follow it.
    """

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.task: Task | None = None
        self.settled = asyncio.Event()
        self.settled.set()
        self.clients: list[Attachment] = []
        self.restart: asyncio.Task[None] | None = None
        self.keep = False

    def take_clients(self) -> list[Attachment]:
        """Those that came before the start; the caller owns their descriptors."""
        clients, self.clients = self.clients, []
        return clients


class Registry:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows(database)
        self._containers = {one.id: one for one in self._rows.all()}
        self._names = {one.name: one.id for one in self._containers.values()}
        self._live: dict[str, Live] = {}

    def __iter__(self) -> Iterator[Container]:
        return iter(list(self._containers.values()))

    def get(self, ref: str) -> Container:
        """By id, name or unambiguous beginning of an id; NotFound in Docker's words."""
        found = self._containers.get(ref) or self._containers.get(self._names.get(ref.removeprefix("/"), ""))
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

    def is_free(self, name: str) -> bool:
        return name not in self._names

    def check_name(self, name: str) -> None:
        """Conflict in Docker's words when a container has that name."""
        if name in self._names:
            raise Conflict(
                f'Conflict. The container name "/{name}" is already in use by container "{self._names[name]}". '
                "You have to remove (or rename) that container to be able to reuse that name."
            )

    def live(self, container: Container) -> Live:
        return self._live.setdefault(container.id, Live())

    def transaction(self) -> AbstractContextManager[None]:
        """Rows that are written together or not at all."""
        return self._database.transaction()

    def insert(self, container: Container) -> None:
        """Write a new container's row; nobody finds it before :meth:`add`."""
        self.check_name(container.name)
        self._rows.insert(container)

    def add(self, container: Container) -> None:
        """Let a container that has its row be found."""
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
        """The containers made from an image, and those that mount its files."""

        def uses(one: Container) -> bool:
            mounted = any(point.kind == "image" and point.source == image_id for point in one.mounts)
            return one.image == image_id or mounted

        return [ImageUse(one.id, one.is_active) for one in self._containers.values() if uses(one)]

    def volume_users(self, name: str) -> list[str]:
        """The containers that mount a volume."""
        return [one.id for one in self._containers.values() if any(point.name == name for point in one.mounts)]

    def delete(self, container: Container) -> None:
        """Delete the row: after a crash, whatever is left of the container is removed."""
        self._rows.delete(container.id)

    def forget(self, container: Container) -> None:
        """Let a container whose row is deleted be found no more."""
        self._containers.pop(container.id, None)
        self._names.pop(container.name, None)
        live = self._live.pop(container.id, None)
        for client in live.take_clients() if live else ():
            os.close(client.fd)
