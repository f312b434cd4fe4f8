"""Where the bytes of an image's layers come from while it is registered."""

from collections.abc import Callable
from typing import BinaryIO, Protocol, TypeVar, cast

import msgspec

from wherry.engine.content import ContentStore
from wherry.engine.images.threads import in_thread
from wherry.oci.digest import Digest

T = TypeVar("T")


class LayerBlob(msgspec.Struct, frozen=True):
    """A layer's stored blob. ``media_type`` is what the manifest calls it."""

    digest: str
    size_bytes: int
    media_type: str


class Source(Protocol):
    """Layers, asked for from the lowest up. A layer may be read while it is still arriving."""

    @property
    def at_once(self) -> int:
        """How many layers may be read at a time. One that is read may wait for those below it to be."""
        ...

    async def read(self, layer: LayerBlob, consume: Callable[[BinaryIO], T]) -> T:
        """``consume(file)`` run in a thread. The file's end is reached only when all before it was the layer's bytes.

        Ends early, with what ``consume`` makes of an exception from the file, when the caller is cancelled.
        """
        ...

    def ready(self, layer: LayerBlob) -> None:
        """The layer is extracted, by whomever. Called once a layer."""
        ...

    async def settle(self) -> None:
        """Return when every blob of the image, manifest and configuration too, is in the content store."""
        ...


class StoredLayers:
    """Layers whose blobs are all there."""

    at_once = 1  # the threads are everybody's: none of them may wait for another

    def __init__(self, content: ContentStore) -> None:
        self._content = content

    async def read(self, layer: LayerBlob, consume: Callable[[BinaryIO], T]) -> T:
        return await in_thread(self._read, layer, consume)

    def _read(self, layer: LayerBlob, consume: Callable[[BinaryIO], T]) -> T:
        with self._content.open(Digest.parse(layer.digest)) as blob:
            return consume(cast(BinaryIO, blob))

    def ready(self, layer: LayerBlob) -> None:
        pass

    async def settle(self) -> None:
        pass
