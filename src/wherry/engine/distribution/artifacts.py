"""Things in registries that are no images: a manifest with a small configuration of its own kind, and blobs."""

from collections.abc import Sequence

from wherry.engine.content import ContentStore
from wherry.engine.distribution.asking import Asking
from wherry.engine.distribution.model import Artifact
from wherry.engine.distribution.repository import Repository
from wherry.engine.distribution.resolve import name_of
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import Invalid
from wherry.oci.decode import decode_manifest
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor, Manifest
from wherry.oci.reference import Reference


async def read(repository: Repository, reference: Reference, asking: Asking) -> Artifact | None:
    """What the reference names; None when that is an index. Raises what :meth:`Repository.manifest` raises."""
    document = await asking.ask(lambda: repository.manifest(name_of(reference)))
    found = decode_manifest(document.data, document.descriptor.media_type)
    if not isinstance(found, Manifest):
        return None
    return Artifact(found, await asking.ask(lambda: repository.small_blob(found.config)))


async def fetch(
    repository: Repository, descriptors: Sequence[Descriptor], content: ContentStore, asking: Asking
) -> None:
    """Bring blobs into the content store, those that are not there. Verified. Raises as :func:`read`, Unavailable."""
    for descriptor in descriptors:
        if not content.has(Digest.parse(descriptor.digest)):
            await asking.ask(lambda: _fetch_one(repository, descriptor, content))  # noqa: B023  # awaited here


async def _fetch_one(repository: Repository, descriptor: Descriptor, content: ContentStore) -> None:
    digest = Digest.parse(descriptor.digest)
    with content.writer(limit_bytes=descriptor.size) as ingest:
        async with repository.blob(digest) as (answer, _):
            async for piece in answer.pieces():
                await in_thread(ingest.write, piece)
        if ingest.offset != descriptor.size:
            raise Invalid(f"blob {digest} has {ingest.offset} bytes, its descriptor says {descriptor.size}")
        await in_thread(ingest.commit, digest, descriptor.size)
