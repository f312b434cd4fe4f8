"""Pushing: an image, or an index with those of its images that are here, into a repository."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from wherry.engine.content import ContentStore
from wherry.engine.distribution.asking import Asking
from wherry.engine.distribution.progress import Throttled, state
from wherry.engine.distribution.refusals import Refused
from wherry.engine.distribution.repository import Repository
from wherry.engine.distribution.uploads import Blob, Uploads, Way
from wherry.engine.images import Images
from wherry.engine.images.progress import Report
from wherry.kit.errors import NotFound
from wherry.kit.tasks import first_cause
from wherry.oci import mediatypes
from wherry.oci.decode import decode_config, decode_manifest
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor, Index, Manifest
from wherry.oci.reference import Reference

AT_ONCE = 5
"""Blobs being uploaded, of all pushes together (dockerd's max-concurrent-uploads)."""

_ORIGINS = 3
"""Repositories that a blob is asked for to be mounted from; each costs a request that may be in vain."""


@dataclass(frozen=True, slots=True)
class Pushed:
    digest: Digest
    size_bytes: int


class Pushes:
    """One for the engine."""

    def __init__(self, images: Images, content: ContentStore, asking: Asking) -> None:
        self._images = images
        self._content = content
        self._asking = asking
        self._uploads = Uploads(content, asking)
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def push(self, repository: Repository, root: Digest, reference: Reference, report: Report) -> Pushed:
        """Put the manifest or index ``root`` of the content store under the reference's tag, after all it names.

        Idempotent. Raises Refused, NoAnswer, BrokenOff, Invalid; NotFound and Corrupt for what is not whole here.
        """
        assert reference.tag is not None
        async with self._images.work():  # what is being read is not deleted meanwhile
            return await self._put(repository, root, reference.tag, reference, report)

    async def _put(
        self, repository: Repository, digest: Digest, name: str, reference: Reference, report: Report
    ) -> Pushed:
        data = self._content.read(digest)
        document = decode_manifest(data)
        if isinstance(document, Index):
            for one in document.manifests:
                await self._put_of_index(repository, one, reference, report)
        else:
            await self._put_blobs(repository, document, reference, report)
        await self._asking.ask(lambda: repository.put_manifest(data, document.media_type, name))
        return Pushed(digest, len(data))

    async def _put_of_index(
        self, repository: Repository, descriptor: Descriptor, reference: Reference, report: Report
    ) -> None:
        digest = Digest.parse(descriptor.digest)
        if self._content.has(digest):
            await self._put(repository, digest, descriptor.digest, reference, report)
            return
        try:
            await self._asking.ask(lambda: repository.manifest(descriptor.digest, descriptor))
        except Refused as error:
            if error.status != 404:
                raise
            raise NotFound(f"{digest}, which the index names, is neither here nor in {reference.name}") from error

    async def _put_blobs(
        self, repository: Repository, manifest: Manifest, reference: Reference, report: Report
    ) -> None:
        layers = dict(zip(self._ids(manifest), manifest.layers, strict=True))
        for id in reversed(layers):
            report(state("Preparing", id))
        for id in list(reversed(layers))[AT_ONCE:]:
            report(state("Waiting", id))
        try:
            async with asyncio.TaskGroup() as group:
                for id, layer in reversed(layers.items()):
                    group.create_task(self._put_layer(repository, layer, id, reference, report))
        except BaseExceptionGroup as error:
            raise first_cause(error) from error
        config = Blob(Digest.parse(manifest.config.digest), manifest.config.size)
        await self._uploads.upload(repository, config, lambda _: None)

    def _ids(self, manifest: Manifest) -> Sequence[str]:
        """What the layers are called to users: by their diff ids as in Docker, where a configuration tells them."""
        diff_ids: Sequence[str] = []
        digest = Digest.parse(manifest.config.digest)
        if manifest.config.media_type in mediatypes.CONFIGS and self._content.has(digest):
            diff_ids = decode_config(self._content.read(digest)).rootfs.diff_ids
        if len(diff_ids) != len(manifest.layers):
            diff_ids = [layer.digest for layer in manifest.layers]
        short = [Digest.parse(diff_id).hex[:12] for diff_id in diff_ids]
        return [id if short.index(id) == position else f"{id}-{position}" for position, id in enumerate(short)]

    async def _put_layer(
        self, repository: Repository, layer: Descriptor, id: str, reference: Reference, report: Report
    ) -> None:
        async with self._slots:
            sent = Throttled(report, "Pushing", id, layer.size, time.monotonic)
            blob = Blob(Digest.parse(layer.digest), layer.size, self._elsewhere(layer, reference))
            done = await self._uploads.upload(repository, blob, sent)
        match done.way:
            case Way.EXISTED:
                report(state("Layer already exists", id))
            case Way.MOUNTED:
                report(state(f"Mounted from {done.origin}", id))
            case Way.SENT:
                report(state("Pushed", id))

    def _elsewhere(self, layer: Descriptor, reference: Reference) -> tuple[str, ...]:
        known = self._images.repositories_of(layer.digest)
        return tuple(one.path for one in known if one.domain == reference.domain and one.path != reference.path)[
            :_ORIGINS
        ]
