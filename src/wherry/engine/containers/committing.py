"""``docker commit``: an image of a container's files and configuration."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from wherry.engine.containers.asked import Commit
from wherry.engine.containers.filesystem import stubs
from wherry.engine.containers.lifecycle import Lifecycle
from wherry.engine.containers.merging import for_image, merge_over, words
from wherry.engine.containers.model import State
from wherry.engine.containers.rootfs import Roots
from wherry.engine.containers.row import Container
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.images.committer import Commitment
from wherry.engine.snapshots.encode import END
from wherry.engine.snapshots.model import Diff, Sink
from wherry.kit.errors import Conflict
from wherry.oci.digest import Digest


class Commits:
    def __init__(self, around: Surroundings, lifecycle: Lifecycle) -> None:
        self._around = around
        self._lifecycle = lifecycle
        self._roots = Roots(around)

    async def commit(self, ref: str, wanted: Commit) -> str:
        """The new image's id. Conflict for a container that is being removed, Invalid for a bad change or name."""
        container = self._around.registry.get(ref)
        if container.state in (State.REMOVING, State.DEAD):
            raise Conflict(f"You cannot commit container {container.id} which is being removed")
        config = for_image(container.config)
        if wanted.config is not None:
            config = for_image(merge_over(wanted.config, config))
        commitment = Commitment(
            config,
            words(container.config.Cmd),
            wanted.changes,
            wanted.comment,
            wanted.author,
            wanted.repository,
            wanted.tag,
        )
        async with self._still(container, wanted.pause):
            write = partial(self._write, container)
            image = await self._around.images.commit(container.image, write, commitment)
        name = f"{wanted.repository}:{wanted.tag or 'latest'}" if wanted.repository else ""
        self._around.tell(container, "commit", comment=wanted.comment, imageID=image.id, imageRef=name)
        return image.id

    @asynccontextmanager
    async def _still(self, container: Container, pause: bool) -> AsyncIterator[None]:
        if not pause or container.state is not State.RUNNING:
            yield
            return
        await self._lifecycle.pause(container)
        try:
            yield
        finally:
            with suppress(Conflict):  # it has been killed, or somebody else has let it go on
                await self._lifecycle.unpause(container)

    def _write(self, container: Container, sink: Sink) -> Diff:
        """The layer's tar; of a container that was never started one without entries."""
        upper = self._roots.upper(container)
        if upper is None:
            sink.write(END)
            return Diff(str(Digest.of(END)), 0, 0)
        layers = self._roots.layers(container)
        return self._around.snapshots.diff(upper, layers[-1] if layers else None, sink, stubs(container))
