"""What the parts of a build share: the engine around it."""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from wherry.engine.build.cache import BuildCache, CachedLayer
from wherry.engine.build.layers import Layer, Layers
from wherry.engine.build.running import Runner
from wherry.engine.content import ContentStore
from wherry.engine.distribution.model import Artifact, Credentials
from wherry.engine.images.model import Image
from wherry.engine.snapshots.model import Snapshots
from wherry.engine.trash import Trash
from wherry.engine.volumes import Volumes
from wherry.linux.trees import remove_tree
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor
from wherry.oci.platform import Platform
from wherry.oci.reference import Reference

Report = Callable[[Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image to build on. ``credentials``: registry → its user's, for the pull."""

    reference: str
    platform: Platform
    pull: bool = False
    credentials: Mapping[str, Credentials] = field(default_factory=dict)


class Base(Protocol):
    """Where images to build on come from."""

    async def image(self, wanted: "Wanted", report: Report) -> Image:
        """The image; pulled when it is missing, or when ``pull`` is set. NotFound, Invalid, Unavailable."""
        ...

    def known(self, reference: str) -> Image | None:
        """The image when it is on this machine. Invalid for no reference."""
        ...

    def layers(self, image: Image) -> Sequence[Layer]:
        """An image's layers, the lowest first."""
        ...


class Exchange(Protocol):
    """Registries, for what is no image. Errors as :class:`Distribution`'s."""

    async def artifact(self, reference: Reference, credentials: Credentials) -> Artifact | None:
        """What the reference names; None when that is an index."""
        ...

    async def fetch_blobs(
        self, reference: Reference, descriptors: Sequence[Descriptor], credentials: Credentials
    ) -> None:
        """Bring blobs of the reference's repository into the content store, verified."""
        ...

    async def send(self, reference: Reference, root: Digest, credentials: Credentials) -> None:
        """Put the manifest ``root`` of the content store, and all it names, under the reference."""
        ...


Bring = Callable[[CachedLayer], Awaitable[None]]
"""Makes a layer's blob be in the content store. NotFound, Invalid, Unavailable."""


@dataclass(slots=True)
class Imported:
    """Steps that were made elsewhere, by key, each with how its blob is got."""

    steps: dict[str, tuple[CachedLayer, Bring]] = field(default_factory=dict)

    def add(self, steps: Mapping[str, CachedLayer], bring: Bring) -> None:
        """The first source of a step is the one that counts."""
        self.steps |= {key: (layer, bring) for key, layer in steps.items() if key not in self.steps}


class Turns:
    """One at a time under a name."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts of the engine that builds work with. ``now`` is in nanoseconds since 1970.

    ``tmp`` is a directory on the file system of the snapshots; what a crash leaves there is deleted at the next start.
    """

    base: Base
    exchange: Exchange
    content: ContentStore
    snapshots: Snapshots
    layers: Layers
    runner: Runner
    cache: BuildCache
    volumes: Volumes
    tmp: Path
    trash: Trash
    now: Callable[[], int]
    turns: Turns = field(default_factory=Turns)

    def cached(self, key: str) -> CachedLayer | None:
        """What the step of that key made, if it is still all there."""
        found = self.cache.find(key)
        if found is None:
            return None
        if not (self.snapshots.has(found.chain_id) and self.content.has(Digest.parse(found.blob))):
            self.cache.forget([key])
            return None
        return found

    def directory(self) -> Path:
        """A new private directory; whoever asked for it throws it away."""
        path = self.tmp / f"build-{secrets.token_hex(16)}"
        path.mkdir(mode=0o700)
        return path

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A private directory, gone afterwards with all that is in it."""
        path = self.directory()
        try:
            yield path
        finally:
            parent = os.open(self.tmp, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                remove_tree(parent, path.name)
            finally:
                os.close(parent)
