"""The service: images from and to registries, as the faces and the builder ask for them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from wherry.engine.content import ContentStore
from wherry.engine.distribution.endpoints import Endpoints
from wherry.engine.distribution.model import ANONYMOUS, Artifact, Credentials, Found, Inspected, Login
from wherry.engine.images import Image, Images
from wherry.engine.images.progress import Message, Report, streamed
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor
from wherry.oci.platform import Platform
from wherry.oci.reference import Reference

if TYPE_CHECKING:
    from wherry.engine.distribution.operations import Operations


class Distribution:
    """Everything behind it is loaded with the first image that comes or goes. Runs on the event loop's thread.

    Errors are Docker's in kind and words: NotFound for what is not there or not for this user, Unauthenticated,
    Forbidden, TooManyRequests with what the registry says of its limit, Unavailable for a registry that does not
    answer, Invalid for one that lies.
    """

    def __init__(self, images: Images, content: ContentStore, endpoints: Endpoints) -> None:
        self._images = images
        self._content = content
        self.endpoints = endpoints

    @cached_property
    def _operations(self) -> "Operations":
        from wherry.engine.distribution.asking import Asking
        from wherry.engine.distribution.connector import Connector
        from wherry.engine.distribution.operations import Operations

        return Operations(self._images, self._content, Connector(self.endpoints), Asking())

    def pull(self, reference: Reference, platform: str, credentials: Credentials) -> AsyncIterator[Message]:
        """Pull an image, or with a mere name every tag of a repository; yields Docker's messages.

        ``platform`` empty: this machine's. What fails before the first message is raised by the iterator at once.
        """
        return streamed(lambda report: self._operations.pull_told(reference, platform, credentials, report))

    async def fetch(
        self,
        reference: Reference,
        platform: Platform | None = None,
        credentials: Credentials = ANONYMOUS,
        report: Report = lambda message: None,
    ) -> Image:
        """Pull one image for whoever needs it, a build; its progress goes to ``report``."""
        return (await self._operations.pull(reference, platform, credentials, report)).image

    async def artifact(self, reference: Reference, credentials: Credentials) -> Artifact | None:
        """What a registry has under a reference, its blobs but the configuration left there; None for an index."""
        return await self._operations.artifact(reference, credentials)

    async def fetch_blobs(
        self, reference: Reference, descriptors: Sequence[Descriptor], credentials: Credentials
    ) -> None:
        """Bring blobs of the reference's repository into the content store, verified."""
        await self._operations.fetch_blobs(reference, descriptors, credentials)

    async def send(self, reference: Reference, root: Digest, credentials: Credentials) -> None:
        """Put a manifest of the content store, and all it names, under a tag: no image need be called so here."""
        await self._operations.send(reference, root, credentials)

    def push(self, reference: Reference, credentials: Credentials) -> AsyncIterator[Message]:
        """Push a tag, or with a mere name every tag of the repository; yields Docker's messages."""
        return streamed(lambda report: self._operations.push(reference, credentials, report))

    async def login(self, server: str, credentials: Credentials) -> Login:
        """Find out whether a registry (its domain or address; empty: Docker's hub) knows this user."""
        return await self._operations.login(server, credentials)

    async def inspect(self, reference: Reference, credentials: Credentials) -> Inspected:
        """What a registry has under a reference, without pulling it."""
        return await self._operations.inspect(reference, credentials)

    async def search(self, term: str, limit: int, filters: Mapping[str, Sequence[str]]) -> Sequence[Found]:
        """Repositories whose name or description has ``term``, which may begin with a registry's domain."""
        return await self._operations.search(term, limit, filters)
