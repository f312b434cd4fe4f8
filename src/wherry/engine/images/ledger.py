"""The rows with what must follow every write: remembered names forgotten, index.json projected, events told."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from wherry.engine.content import ContentStore
from wherry.engine.events import EventSink
from wherry.engine.images.catalogue import Catalogue, canonical
from wherry.engine.images.model import Image
from wherry.engine.images.rows import ImageRows
from wherry.oci.reference import Reference


class Ledger:
    """``now`` is the time in nanoseconds since 1970."""

    def __init__(self, rows: ImageRows, content: ContentStore, events: EventSink, now: Callable[[], int]) -> None:
        self.rows = rows
        self.catalogue = Catalogue(rows)
        self.now = now
        self._content = content
        self._events = events

    def changed(self) -> None:
        """After every write."""
        self.catalogue.forget()
        with suppress(OSError):  # a full disk: the projection is old until the next change, nobody here reads it
            self._content.write_index(self.rows.tagged_manifests())

    def name(self, image: Image, references: Iterable[Reference]) -> None:
        """Point references at an image, wherever they pointed before."""
        with self.rows.database.transaction():
            for reference in references:
                self.rows.refer(canonical(reference), image.id, reference.digest is not None, self.now())
        self.changed()

    def publish(self, action: str, image: Image, name: str) -> None:
        """Docker's attributes: the image's labels, and ``name`` (moby ImageService.LogImageEvent)."""
        self._events.publish("image", action, image.id, {**(image.config.config.labels or {}), "name": name})
