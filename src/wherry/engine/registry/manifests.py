"""The manifests and tags of repositories: pushed ones first, the engine's images beside them."""

from collections.abc import Iterable, Sequence

from wherry.engine.images.threads import in_thread
from wherry.engine.registry.blobs import Shelves
from wherry.engine.registry.documents import describe
from wherry.engine.registry.model import Code, Described, Needed, Pushed, Referrer, Refused, Stored
from wherry.oci.digest import Digest

Reference = Digest | str
"""A digest, or a tag."""


class Manifests:
    """A manifest is bytes in the content store and a row a repository; a tag is a row."""

    def __init__(self, shelves: Shelves) -> None:
        self._rows = shelves.rows
        self._content = shelves.content
        self._keeper = shelves.keeper
        self._images = shelves.images
        self._now = shelves.now

    def find(self, repository: str, reference: Reference) -> Stored:
        """Refused (MANIFEST_UNKNOWN). Whoever asks by digest may be about to need it: it is not collected for a
        while."""
        if isinstance(reference, Digest):
            found = self._by_digest(repository, str(reference))
            self._rows.touch_manifest(repository, str(reference), self._now())
        else:
            found = self._rows.tagged(repository, reference) or self._images.tagged(repository, reference)
        if found is None or not self._content.has(Digest.parse(found.digest)):
            raise _unknown(repository, reference)
        return found

    def _by_digest(self, repository: str, digest: str) -> Stored | None:
        return self._rows.manifest(repository, digest) or self._images.manifest(repository, digest)

    def read(self, stored: Stored) -> bytes:
        """The bytes, verified."""
        return self._content.read(Digest.parse(stored.digest))

    async def put(self, repository: str, reference: Reference, data: bytes, media_type: str | None) -> Pushed:
        """Store a manifest and tag it, when it is pushed by a tag. Idempotent. ``media_type``: the client's word.

        Everything it refers to must be in the repository, in the size it says; its subject need not. Refused
        (MANIFEST_INVALID, DIGEST_INVALID, SIZE_INVALID, MANIFEST_BLOB_UNKNOWN).
        """
        expected = reference if isinstance(reference, Digest) else None
        described = describe(data, media_type, expected)
        async with self._keeper.work() as work:
            self._check(repository, described)
            work.blob(str(described.digest))
            await in_thread(self._content.write, data, described.digest)
            with self._rows.database.transaction(durable=True):
                self._add(repository, described)
                if isinstance(reference, str):
                    self._rows.tag(repository, reference, str(described.digest))
        return Pushed(str(described.digest), described.subject)

    def _check(self, repository: str, described: Described) -> None:
        """Refuse what could not be pulled again."""
        for needed in (*described.blobs, *described.manifests):
            size = self._size(repository, needed.digest)
            if size is None and not needed.is_optional:
                what = "a manifest or blob" if described.manifests else "a blob"
                raise Refused(
                    Code.MANIFEST_BLOB_UNKNOWN,
                    f"manifest refers to {what} that is not in repository {repository}",
                    {"digest": needed.digest},
                )
            if size is not None and size != needed.size_bytes:
                raise Refused(
                    Code.SIZE_INVALID,
                    f"manifest says that {needed.digest} has {needed.size_bytes} bytes; it has {size}",
                    {"digest": needed.digest},
                )

    def _size(self, repository: str, digest: str) -> int | None:
        """Bytes of a member in the repository: an index may have blobs too (BuildKit's cache does)."""
        size = self._rows.blob(repository, digest)
        if size is None and self._images.has_blob(repository, digest):
            size = self._content.size(Digest.parse(digest))
        if size is None and (stored := self._by_digest(repository, digest)) is not None:
            size = stored.size_bytes
        return size if size is not None and self._content.has(Digest.parse(digest)) else None

    def _add(self, repository: str, described: Described) -> None:
        """Write the rows. What the repository had only by the engine's images becomes its own: they may go."""
        self._check(repository, described)
        for needed in (*described.blobs, *described.manifests):
            self._own(repository, needed)
        self._rows.add_manifest(repository, described, self._now())

    def _own(self, repository: str, needed: Needed) -> None:
        if self._rows.blob(repository, needed.digest) is not None:
            return
        if self._images.has_blob(repository, needed.digest):
            self._rows.link(repository, needed.digest, needed.size_bytes, self._now())
            return
        stored = self._images.manifest(repository, needed.digest)
        if stored is not None and self._rows.manifest(repository, needed.digest) is None:
            digest = Digest.parse(stored.digest)
            self._add(repository, describe(self._content.read(digest), stored.media_type, digest))

    async def delete(self, repository: str, reference: Reference) -> None:
        """Take away a tag, or a manifest with all its tags. Its blobs stay until they are collected.

        Refused (MANIFEST_UNKNOWN; DENIED for an image of the engine).
        """
        name = str(reference)
        with self._rows.database.transaction(durable=True):
            if isinstance(reference, Digest):
                gone = self._rows.delete_manifest(repository, name)
            else:
                gone = self._rows.untag(repository, name)
        if gone:
            await self._keeper.discard([name] if isinstance(reference, Digest) else [])
            return
        is_tag = isinstance(reference, str)
        if (self._images.tagged if is_tag else self._images.manifest)(repository, name) is not None:
            raise Refused(Code.DENIED, "this is an image of the engine: remove it there, by `wherry rmi`")
        raise _unknown(repository, reference)

    def tags(self, repository: str, after: str, limit: int) -> Sequence[str]:
        """At most ``limit`` tags behind ``after``, sorted by bytes. Refused (NAME_UNKNOWN)."""
        images = self._images.tags(repository)
        if not images and not self._rows.has_repository(repository):
            raise Refused(Code.NAME_UNKNOWN, f"repository {repository} is not known", {"name": repository})
        return _merged(self._rows.tags(repository, after, limit), images, after, limit)

    def repositories(self, after: str, limit: int) -> Sequence[str]:
        """At most ``limit`` names of repositories with a manifest, behind ``after``, sorted by bytes."""
        return _merged(self._rows.repositories(after, limit), self._images.repositories(), after, limit)

    def referrers(
        self, repository: str, subject: Digest, artifact_type: str, after: str, limit: int
    ) -> Sequence[Referrer]:
        """At most ``limit`` manifests of this subject, by digest, behind ``after``; empty ``artifact_type``: any."""
        return self._rows.referrers(repository, str(subject), artifact_type, after, limit)


def _merged(pushed: Iterable[str], images: Iterable[str], after: str, limit: int) -> list[str]:
    return sorted({*pushed, *(name for name in images if name > after)})[:limit]


def _unknown(repository: str, reference: Reference) -> Refused:
    kind = "digest" if isinstance(reference, Digest) else "tag"
    return Refused(
        Code.MANIFEST_UNKNOWN, f"manifest unknown to repository {repository}: {reference}", {kind: str(reference)}
    )
