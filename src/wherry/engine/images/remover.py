"""Taking images away: what ``removal`` plans is done here, and the files follow."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from wherry.engine.images.catalogue import canonical
from wherry.engine.images.filters import Filters, prunable
from wherry.engine.images.ledger import Ledger
from wherry.engine.images.model import Image, ImageUse
from wherry.engine.images.removal import Removal, Request, Tag, Target, plan
from wherry.engine.images.sweep import Kind, Name, Sweeper
from wherry.kit.errors import Conflict, NotFound
from wherry.oci.reference import Reference

InUse = Callable[[str], Sequence[ImageUse]]
"""The containers made from an image, given its id."""

Records = Sequence[dict[str, str]]
"""Docker's ``{"Untagged": familiar reference}`` and ``{"Deleted": image id or chain id}``, in order."""


class Pruned(msgspec.Struct, frozen=True):
    """What a prune took away. ``bytes`` counts the layers that are gone, unpacked."""

    deleted: Records
    bytes: int


class Remover:
    """Rows first, files in the background (:meth:`settle` waits for them)."""

    def __init__(self, ledger: Ledger, sweeper: Sweeper) -> None:
        self._ledger = ledger
        self._rows = ledger.rows
        self._catalogue = ledger.catalogue
        self._sweeper = sweeper
        self._background: set[asyncio.Task[None]] = set()

    def remove(self, name: str, force: bool, prune: bool, in_use: InUse) -> Records:
        """See :meth:`wherry.engine.images.Images.remove`."""
        image = self._catalogue.get(name)
        request = Request(name, _named(name, image), force, prune)
        removal = plan(request, image.id, lambda one: self._target(one, in_use))
        touched = {one: self._catalogue.by_id(one) for one in (image.id, *removal.delete)}
        with self._rows.database.transaction():
            for _, reference in removal.untag:
                self._rows.forget(reference.reference)
            for one in removal.delete:
                self._rows.delete(one, keep_layers=bool(in_use(one)))
        self._ledger.changed()
        return list(self._conclude(removal, touched))

    def _conclude(self, removal: Removal, touched: Mapping[str, Image]) -> Iterator[dict[str, str]]:
        """Tell what was done, and send the files after the rows."""
        for owner, reference in removal.untag:
            self._ledger.publish("untag", touched[owner], owner)
            yield {"Untagged": reference.familiar}
        owners = {chain: one for one in removal.delete for chain in touched[one].chain_ids}  # the last that has it
        for deleted in removal.delete:
            image = touched[deleted]
            self._ledger.publish("delete", image, deleted)
            yield {"Deleted": deleted}
            for chain_id in reversed(image.chain_ids):
                if owners[chain_id] == deleted and not self._rows.chain_in_use(chain_id):
                    yield {"Deleted": chain_id}
            self._discard(image)

    def _target(self, image: str, in_use: InUse) -> Target:
        row = self._rows.image(image)
        return Target(
            id=image,
            tags=[_tag(Reference.parse(one.reference)) for one in self._rows.references(image)],
            uses=list(in_use(image)),
            children=self._rows.children(image),
            parent=row.parent if row is not None else "",
        )

    def prune(self, filters: Filters, in_use: InUse) -> Pruned:
        """See :meth:`wherry.engine.images.Images.prune`."""
        images = self._catalogue.all()
        sizes = {
            chain: size for one in images for chain, size in zip(one.chain_ids, one.layer_sizes_bytes, strict=True)
        }
        deleted: list[dict[str, str]] = []
        for image in prunable(images, filters, self._ledger.now()):
            for name in (*image.repo_tags, *image.repo_digests) or (image.id.removeprefix("sha256:"),):
                try:
                    deleted += self.remove(name, force=False, prune=True, in_use=in_use)
                except Conflict:
                    continue  # in use: that is what a prune leaves alone
                except NotFound:
                    continue  # gone with the name before it
        return Pruned(deleted, sum(sizes.get(record.get("Deleted", ""), 0) for record in deleted))

    def collect(self, in_use: InUse) -> None:
        """See :meth:`wherry.engine.images.Images.collect`."""
        for one in self._rows.removed():
            if not in_use(one):
                image = self._catalogue.by_id(one, removed=True)
                self._rows.delete(one, keep_layers=False)
                self._ledger.changed()
                self._discard(image)

    def _discard(self, image: Image) -> None:
        """Delete in the background what of an image's files no row owns any more."""
        names = [Name(Kind.SNAPSHOT, chain) for chain in reversed(image.chain_ids)]
        names += [Name(Kind.BLOB, blob) for blob in (*image.layers, image.manifest, image.id)]
        task = asyncio.get_running_loop().create_task(self._sweeper.discard(names))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settle(self) -> None:
        """Wait until everything removed so far is off the disk."""
        while self._background:
            await asyncio.gather(*self._background)


def _named(name: str, image: Image) -> Tag | None:
    """The reference that ``name`` is; None when it is (the beginning of) the image's id (moby isImageIDPrefix)."""
    if image.id.startswith(name) or image.id.removeprefix("sha256:").startswith(name):
        return None
    return _tag(Reference.parse(name).tagged())


def _tag(reference: Reference) -> Tag:
    return Tag(canonical(reference), reference.familiar(), reference.name, reference.digest is not None)
