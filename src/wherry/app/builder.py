"""The builder of an engine, put together when the first build comes: an engine that only runs containers needs none."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wherry.engine.build.cache import BuildCache, Record
from wherry.engine.containers import Containers
from wherry.engine.content import ContentStore
from wherry.engine.distribution.distribution import Distribution
from wherry.engine.images import Images
from wherry.engine.instance import Instance
from wherry.engine.snapshots import Snapshots
from wherry.engine.volumes import Volumes

if TYPE_CHECKING:
    from wherry.engine.build.builds import Builds


@dataclass(slots=True)
class Builder:
    """Called, it gives the builder: the same one always. ``cache_bytes``: what its cache may take."""

    instance: Instance
    cache: BuildCache
    content: ContentStore
    snapshots: Snapshots
    images: Images
    containers: Containers
    volumes: Volumes
    registries: Distribution
    cache_bytes: int
    _made: "Builds | None" = field(default=None, init=False)

    def __call__(self) -> "Builds":
        if self._made is None:
            self._made = self._make()
        return self._made

    def usage(self) -> Sequence[Record]:
        """What the cache holds; asking does not load the builder."""
        return self.cache.records()

    def _make(self) -> "Builds":
        from wherry.engine.build.around import Engine
        from wherry.engine.build.base import LocalImages
        from wherry.engine.build.builds import Builds
        from wherry.engine.build.layers import Layers
        from wherry.engine.build.running import Runner
        from wherry.engine.trash import Trash

        layers = Layers(self.snapshots, self.content)
        engine = Engine(
            base=LocalImages(self.images, self.registries.fetch),
            exchange=self.registries,
            content=self.content,
            snapshots=self.snapshots,
            layers=layers,
            runner=Runner(self.containers.steps, layers, self.snapshots.layers),
            cache=self.cache,
            volumes=self.volumes,
            tmp=self.instance.tmp,
            trash=Trash(self.instance.tmp),
            now=time.time_ns,
        )
        return Builds(engine, self.images, self.cache_bytes)
