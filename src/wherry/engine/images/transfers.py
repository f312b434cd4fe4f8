"""Images on their way in and out: import, load, save."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from wherry.engine.content import ContentStore
from wherry.engine.images import saver
from wherry.engine.images.archive import Archive
from wherry.engine.images.archived import ArchivedImage, images_in
from wherry.engine.images.catalogue import canonical
from wherry.engine.images.feed import through
from wherry.engine.images.importer import Importer
from wherry.engine.images.ledger import Ledger
from wherry.engine.images.loader import Loader, scratch_file
from wherry.engine.images.model import Description, Image
from wherry.engine.images.progress import Report
from wherry.engine.images.registrar import Registrar
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import Invalid
from wherry.oci.reference import Reference


class Transfers:
    """``tmp``: where an archive lies while it is read."""

    def __init__(self, ledger: Ledger, registrar: Registrar, content: ContentStore, tmp: Path) -> None:
        self._ledger = ledger
        self._rows = ledger.rows
        self._catalogue = ledger.catalogue
        self._registrar = registrar
        self._content = content
        self._tmp = tmp
        self._importer = Importer(content, registrar, ledger.now)
        self._loader = Loader(content, registrar)

    async def import_(
        self, chunks: AsyncIterator[bytes], reference: Reference | None, description: Description
    ) -> Image:
        """See :meth:`wherry.engine.images.Images.import_`."""
        async with self._registrar.work() as work:
            image = self._catalogue.by_id(await self._importer.run(work, chunks, description))
            if reference is not None:
                self._ledger.name(image, [reference])
        self._ledger.publish("import", image, reference.familiar() if reference is not None else image.id)
        return self._catalogue.by_id(image.id)

    async def load(self, chunks: AsyncIterator[bytes], platform: str, report: Report) -> None:
        """See :meth:`wherry.engine.images.Images.load`."""
        with scratch_file(self._tmp) as fd:
            archive = await through(chunks, lambda stream: Archive.receive(stream, fd))
            loaded: set[str] = set()
            for one in await in_thread(images_in, archive, platform):
                loaded.add(await self._load_one(archive, one, loaded, report))

    async def _load_one(self, archive: Archive, one: ArchivedImage, loaded: set[str], report: Report) -> str:
        async with self._registrar.work() as work:
            image = self._catalogue.by_id(await self._loader.add(work, archive, one, report))
            if one.parent in loaded:
                self._set_parent(image, self._catalogue.by_id(one.parent))
            self._name_loaded(image, one.tags, report)
        if not one.tags:
            report({"stream": f"Loaded image ID: {image.id}\n"})
        self._ledger.publish("load", image, image.id)
        return image.id

    def _name_loaded(self, image: Image, references: Sequence[Reference], report: Report) -> None:
        for reference in references:
            familiar = reference.familiar()
            old = self._rows.resolve(canonical(reference))
            if old is not None and old != image.id:
                renaming = f"The image {familiar} already exists, renaming the old one with ID {old} to empty string\n"
                report({"stream": renaming})
            report({"stream": f"Loaded image: {familiar}\n"})
        self._ledger.name(image, references)

    def _set_parent(self, image: Image, parent: Image) -> None:
        """Believe an archive's parent when the image's history is the parent's and one step (moby checkValidParent)."""
        older, newer = parent.config.history, image.config.history
        if (older or newer) and (newer[: len(older)] != older or len(newer) != len(older) + 1):
            return
        if parent.id != image.id and not self._rows.children(image.id):
            self._rows.set_parent(image.id, parent.id)
            self._ledger.changed()

    def save(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        """See :meth:`wherry.engine.images.Images.save`."""
        return self._save(self._to_save(names))

    async def _save(self, saved: Sequence[saver.Saved]) -> AsyncIterator[bytes]:
        layers = {row.layer.blob: row.layer.media_type for one in saved for row in self._rows.layers(one.image.id)}
        async with self._registrar.work():  # what is being read is not deleted meanwhile
            async for chunk in saver.archive(self._content, saved, layers):
                yield chunk
        for one in saved:
            self._ledger.publish("save", one.image, one.image.id)

    def _to_save(self, names: Sequence[str]) -> list[saver.Saved]:
        """Images in the order in which they were named, each once, with the tags meant (moby tarexport parseNames)."""
        found: dict[str, saver.Saved] = {}
        for name in names:
            tags = self._tags_meant(name)
            if not tags:
                image = self._catalogue.get(name)
                found.setdefault(image.id, saver.Saved(image))
            for tag in tags:
                image = self._catalogue.get(str(tag))
                saved = found.setdefault(image.id, saver.Saved(image))
                if tag not in saved.tags:
                    saved.tags.append(tag)
        return list(found.values())

    def _tags_meant(self, name: str) -> list[Reference]:
        """The existing tags that a name to save stands for: a repository's name means all of them."""
        try:
            reference = Reference.parse(name)
        except Invalid:
            return []  # an id of 64 digits, or nonsense that the look-up refuses
        if reference.digest is not None:
            return []
        if reference.tag is not None:
            return [reference] if self._rows.resolve(canonical(reference)) is not None else []
        return [Reference.parse(one) for one in self._rows.tags_of(reference.name)]
