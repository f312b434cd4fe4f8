"""The images of this machine: the service everybody else talks to."""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wherry.engine.content import ContentStore
from wherry.engine.database import Database
from wherry.engine.events import EventSink
from wherry.engine.images.filters import Facts, Filters, select
from wherry.engine.images.history import history
from wherry.engine.images.ledger import Ledger
from wherry.engine.images.model import Description, HistoryEntry, Image, Layer
from wherry.engine.images.owners import Owner
from wherry.engine.images.progress import Message, streamed
from wherry.engine.images.registrar import Candidate, Registrar
from wherry.engine.images.remover import InUse, Pruned, Records, Remover
from wherry.engine.images.rows import ImageRows
from wherry.engine.images.sweep import Kind, Name, Work
from wherry.engine.snapshots.model import Diff, Sink, Snapshots
from wherry.kit.errors import Invalid
from wherry.oci.digest import Digest
from wherry.oci.model import ImageConfig
from wherry.oci.reference import Reference

if TYPE_CHECKING:
    from wherry.engine.images.committer import Commitment
    from wherry.engine.images.transfers import Transfers


PULLED = "pull "
"""What the refs of pulled blobs begin with in the content store, before their digest."""

_RESUMABLE_SECONDS = 7 * 24 * 3600


class Images:
    """See the package's docstring. Runs on the event loop's thread; long work on files goes to threads by itself.

    ``tmp`` is a directory on a file system with room for a loaded archive; nothing in it survives a start.
    ``now`` is the time in nanoseconds since 1970. For those who make images, pull and build: ``registrar`` registers
    and ``ledger`` names them.
    """

    def __init__(
        self,
        database: Database,
        content: ContentStore,
        snapshots: Snapshots,
        events: EventSink,
        tmp: Path,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self._rows = ImageRows(database)
        self._content = content
        self._snapshots = snapshots
        self.ledger = Ledger(self._rows, content, events, now)
        self._catalogue = self.ledger.catalogue
        self._tmp = tmp
        self.registrar = Registrar(self._rows, content, snapshots, self.ledger.changed)
        self._remover = Remover(self.ledger, self.registrar.sweeper)

    @cached_property
    def _transfers(self) -> "Transfers":
        """Loaded when the first image comes or goes: an engine that starts needs none of it."""
        from wherry.engine.images.transfers import Transfers

        return Transfers(self.ledger, self.registrar, self._content, self._tmp)

    def get(self, name: str) -> Image:
        """The image of an id, unambiguous id prefix, tag or digest reference. Remembered: cheap to ask again.

        NotFound ("No such image: demo:1"), Invalid ("invalid reference format").
        """
        return self._catalogue.get(name)

    def held(self, image: str) -> Image:
        """The image of a full id that a container was made from, even when it was removed by force since. NotFound.

        Remembered as :meth:`get` does.
        """
        return self._catalogue.held(image)

    def list(self, filters: Filters | None = None, everything: bool = False) -> Sequence[Image]:
        """Newest first. ``filters``: name → values (dangling, label, label!, reference, before, since, until).

        ``everything`` includes the unnamed ones that others are built on. With the filter ``reference`` the images
        carry only the matching references. Invalid for an unknown filter or value.
        """
        images = self._catalogue.all()
        parents = frozenset(image.parent for image in images if image.parent)
        facts = Facts(self.ledger.now(), lambda name: self.get(name).created_nanoseconds, parents)
        return select(images, filters or {}, everything, facts)

    def count(self) -> int:
        """How many images there are."""
        return self._rows.count()

    def history(self, name: str) -> Sequence[HistoryEntry]:
        """The steps that made an image, the last first. NotFound, Invalid."""
        return history(self.get(name), self._catalogue.by_id)

    def layers_size(self) -> int:
        """Bytes of all layers unpacked, shared ones once."""
        return self._rows.layers_size()

    def shared_bytes(self) -> Mapping[str, int]:
        """Image id → bytes of its layers that another image has too; without those that share nothing."""
        return self._rows.shared_bytes()

    def repositories_of(self, blob: str) -> Sequence[Reference]:
        """Repositories that had the layer when an image was pulled from or pushed to them."""
        found = (Reference.parse(text).name_only() for text in self._rows.digest_references_of_blob(blob))
        return list(dict.fromkeys(found))

    def tags_of(self, repository: Reference) -> Sequence[Reference]:
        """The tags of a repository here, sorted."""
        return [Reference.parse(text) for text in self._rows.tags_of(repository.name)]

    def tag(self, source: str, repository: str, tag: str = "") -> None:
        """Give an image another name, taking it from whichever image has it. Idempotent. NotFound, Invalid."""
        reference = parse_tag(repository, tag)
        image = self.get(source)
        self.ledger.name(image, [reference])
        self.ledger.publish("tag", image, reference.familiar())

    def remove(self, name: str, force: bool, prune: bool, in_use: InUse) -> Records:
        """Docker's ``rmi``: drop a name and, with its last one, the image; ``prune`` also drops unnamed parents.

        NotFound, and Conflict with Docker's words (rules: ``removal``). What is removed is gone at once for everybody;
        its files go in the background (:meth:`settle`). Layers that containers need stay until :meth:`collect`.
        """
        return self._remover.remove(name, force, prune, in_use)

    def prune(self, filters: Filters, in_use: InUse) -> Pruned:
        """Remove what nobody uses: images without a name or, with the filter ``dangling=false``, all.

        What pulls left that broke off goes too.
        ``filters``: dangling, label, label!, until. Invalid for others.
        """
        self._content.abandon(PULLED, self.ledger.now() / 1e9)
        return self._remover.prune(filters, in_use)

    def collect(self, in_use: InUse) -> None:
        """Let go of images that were removed by force once no container needs them. Cheap when there are none.

        To be called when a container is removed.
        """
        self._remover.collect(in_use)

    def add_owner(self, owner: Owner) -> None:
        """Let somebody else keep blobs and snapshots too. Before :meth:`recover`, which removes what nobody owns."""
        self.registrar.owners.add(owner)

    def work(self) -> Work:
        """For an owner that adds blobs: while it lasts nothing is deleted, and what it stored and nobody owns goes at
        its end."""
        return self.registrar.work()

    async def add(
        self, work: Work, candidate: Candidate, config: ImageConfig, references: Sequence[Reference] = ()
    ) -> Image:
        """Make an image of what ``work`` has stored, and give it names; see :meth:`Registrar.register`."""

        def name(image: str) -> None:
            self.ledger.name(self._catalogue.by_id(image), references)

        image = self._catalogue.by_id(await self.registrar.register(work, candidate, config, name=name))
        self.ledger.name(image, references)
        for reference in references:
            self.ledger.publish("tag", image, reference.familiar())
        return self.get(image.id)

    def owns_snapshot(self, chain_id: str) -> bool:
        """Whether any image has the layer that ends this chain."""
        return self._rows.chain_in_use(chain_id)

    def layers(self, image: str) -> Sequence[Layer]:
        """How the layers of an image (a full id) are stored, the lowest first."""
        return [row.layer for row in self._rows.layers(image)]

    async def discard(self, blobs: Iterable[str] = (), snapshots: Iterable[str] = ()) -> None:
        """Delete what of these nobody owns (any more), now or when whoever is adding an image has ended."""
        names = [Name(Kind.SNAPSHOT, chain_id) for chain_id in snapshots]
        await self.registrar.sweeper.discard([*names, *(Name(Kind.BLOB, digest) for digest in blobs)])

    async def settle(self) -> None:
        """Wait until everything removed so far is off the disk."""
        await self._remover.settle()

    async def import_(
        self,
        chunks: AsyncIterator[bytes],
        repository: str = "",
        tag: str = "",
        changes: Sequence[str] = (),
        message: str = "",
        platform: str = "",
    ) -> Image:
        """Make an image of one layer from a root file system's tar (plain, gzip, bzip2, xz or zstd).

        Without ``repository`` it has no name. Raises Invalid; then, or when interrupted, nothing of it is left.
        """
        reference = parse_tag(repository, tag) if repository else None
        return await self._transfers.import_(chunks, reference, Description(changes, message, platform))

    async def commit(self, base: str, write: Callable[[Sink], Diff], wanted: "Commitment") -> Image:
        """Make an image of the image with the id ``base`` (one removed by force, too) and a layer on it.

        ``write(sink)`` writes the layer's tar, in a thread. Raises Invalid for a change or a name that cannot be, and
        what ``write`` raises; then nothing of it is left.
        """
        from wherry.engine.images.committer import Committer

        reference = parse_tag(wanted.repository, wanted.tag) if wanted.repository else None
        return await Committer(self.ledger, self.registrar, self._content).run(
            self.held(base), write, wanted, reference
        )

    def load(self, chunks: AsyncIterator[bytes], platform: str = "") -> AsyncIterator[Message]:
        """Read an archive of images and yield Docker's messages (``{"stream": "Loaded image: demo:1\\n"}``).

        Takes what ``docker save`` of 1.10 and later, podman and skopeo write, compressed or not; of an index the image
        for ``platform`` (empty: this machine). Raises Invalid; images told of by then stay, of the others nothing does.
        """
        return streamed(lambda report: self._transfers.load(chunks, platform, report))

    def save(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        """A tar of images: Docker archive and OCI layout in one (see ``saver``). A name without tag means all its tags.

        NotFound and Invalid are raised at once, before there is anything to iterate over.
        """
        return self._transfers.save(names)

    def recover(self) -> None:
        """At start, before anything else: remove what a crash left without a row. Blocks; idempotent."""
        self._content.recover()
        self._content.abandon(PULLED, self.ledger.now() / 1e9 - _RESUMABLE_SECONDS)
        self._snapshots.recover()
        owners = self.registrar.owners
        owned = owners.snapshots()
        for chain_id in self._snapshots.list():
            if chain_id not in owned:
                self._snapshots.remove(chain_id)
        self._content.gc(Digest.parse(blob) for blob in owners.blobs())
        self.ledger.changed()


def parse_tag(repository: str, tag: str = "") -> Reference:
    """Docker's parameters ``repo`` and ``tag`` (httputils.RepoTagReference); Invalid with its words."""
    reference = Reference.parse(repository)
    if reference.digest is not None:
        raise Invalid("cannot import digest reference")
    reference = reference.with_tag(tag) if tag else reference.tagged()
    if reference.familiar_name == "sha256":
        raise Invalid("refusing to create an ambiguous tag using digest algorithm as name")
    return reference
