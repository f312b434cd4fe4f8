"""Each of the service's operations, over whichever of a registry's servers serves it."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import TypeVar

from wherry.engine.content import ContentStore, Full
from wherry.engine.distribution import artifacts, search
from wherry.engine.distribution.asking import Asking
from wherry.engine.distribution.connection import Call, Connection
from wherry.engine.distribution.connector import Connector
from wherry.engine.distribution.endpoints import HUB
from wherry.engine.distribution.model import Artifact, Credentials, Found, Inspected, Login
from wherry.engine.distribution.progress import plain
from wherry.engine.distribution.pull import Pulled, Pulls
from wherry.engine.distribution.push import Pushed, Pushes
from wherry.engine.distribution.refusals import Refused, general, of_pull
from wherry.engine.distribution.repository import Repository
from wherry.engine.distribution.resolve import inspect, name_of
from wherry.engine.images import Images
from wherry.engine.images.progress import Report
from wherry.kit.errors import Invalid, NotFound, Unauthenticated, WherryError
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor
from wherry.oci.platform import Platform
from wherry.oci.reference import DEFAULT_DOMAIN, Reference

log = logging.getLogger(__name__)

T = TypeVar("T")

_HUB_NAMES = frozenset({"", DEFAULT_DOMAIN, "index.docker.io", HUB})


class Operations:
    """See :class:`wherry.engine.distribution.distribution.Distribution`."""

    def __init__(self, images: Images, content: ContentStore, connector: Connector, asking: Asking) -> None:
        self._images = images
        self._content = content
        self._connector = connector
        self._asking = asking
        self._pulls = Pulls(images, content, asking)
        self._pushes = Pushes(images, content, asking)

    async def pull_told(self, reference: Reference, platform: str, credentials: Credentials, report: Report) -> None:
        """One image or all tags, with Docker's last line."""
        wanted = Platform.parse(platform) if platform else None
        if reference.is_name_only:
            is_new = await self._pull_all(reference, wanted, credentials, report)
        else:
            is_new = (await self.pull(reference, wanted, credentials, report)).is_new
        what = "Downloaded newer image for" if is_new else "Image is up to date for"
        report(plain(f"Status: {what} {reference.familiar()}"))

    async def _pull_all(
        self, reference: Reference, platform: Platform | None, credentials: Credentials, report: Report
    ) -> bool:
        async def pull_from(repository: Repository) -> bool:
            is_new = False
            for tag in await self._asking.ask(repository.tags):
                pulled = await self._pulls.pull(repository, reference.with_tag(tag), platform, report)
                is_new = pulled.is_new or is_new
            return is_new

        return await self._from_any(reference, credentials, pull_from)

    async def pull(
        self, reference: Reference, platform: Platform | None, credentials: Credentials, report: Report
    ) -> Pulled:
        """One image; without tag and digest the one tagged ``latest``."""
        reference = reference.tagged()
        return await self._from_any(
            reference, credentials, lambda repository: self._pulls.pull(repository, reference, platform, report)
        )

    async def inspect(self, reference: Reference, credentials: Credentials) -> Inspected:
        reference = reference.tagged()
        return await self._from_any(
            reference, credentials, lambda repository: inspect(repository, name_of(reference), self._asking)
        )

    async def _from_any(
        self, reference: Reference, credentials: Credentials, work: Callable[[Repository], Awaitable[T]]
    ) -> T:
        """What ``work`` gets of the first server that serves: a mirror that fails in any way is passed over."""
        async with self._connector.client() as http:
            found = self._connector.to_pull(http, reference.domain, credentials)
            async with aclosing(found) as connections:
                async for connection in connections:
                    endpoint = connection.endpoint
                    try:
                        return await work(Repository(connection, endpoint.repository(reference.path)))
                    except Refused as error:
                        if endpoint.own:
                            raise of_pull(error, reference) from error
                        log.warning("mirror %s does not serve %s: %s", endpoint.url, reference, error.message)
                    except Full:
                        raise
                    except WherryError as error:
                        if endpoint.own:
                            raise
                        log.warning("mirror %s does not serve %s: %s", endpoint.url, reference, error.message)
        raise AssertionError("a registry has a server of its own")

    async def artifact(self, reference: Reference, credentials: Credentials) -> Artifact | None:
        return await self._from_any(
            reference, credentials, lambda repository: artifacts.read(repository, reference, self._asking)
        )

    async def fetch_blobs(
        self, reference: Reference, descriptors: Sequence[Descriptor], credentials: Credentials
    ) -> None:
        def fetch(repository: Repository) -> Awaitable[None]:
            return artifacts.fetch(repository, descriptors, self._content, self._asking)

        await self._from_any(reference, credentials, fetch)

    async def send(self, reference: Reference, root: Digest, credentials: Credentials) -> None:
        async with self._connector.client() as http:
            connection = await self._connector.own(http, reference.domain, credentials)
            try:
                repository = Repository(connection, reference.path)
                await self._pushes.push(repository, root, reference, lambda message: None)
            except Refused as error:
                raise general(error) from error

    async def push(self, reference: Reference, credentials: Credentials, report: Report) -> None:
        """One tag, or all of a repository."""
        if reference.digest is not None:
            raise Invalid("cannot push a digest reference")
        report(plain(f"The push refers to repository [{reference.name}]"))
        references = [reference] if reference.tag is not None else self._images.tags_of(reference)
        roots = [(one, self._root(one)) for one in references]
        if not roots:
            raise NotFound(f"An image does not exist locally with the tag: {reference.familiar()}")
        async with self._connector.client() as http:
            connection = await self._connector.own(http, reference.domain, credentials)
            repository = Repository(connection, reference.path)
            for one, root in roots:
                try:
                    pushed = await self._pushes.push(repository, root, one, report)
                except Refused as error:
                    raise general(error) from error
                self._note(one, pushed, report)

    def _root(self, reference: Reference) -> Digest:
        try:
            return Digest.parse(self._images.get(reference.familiar()).manifest)
        except NotFound as error:
            name = reference.familiar_name
            raise NotFound(f"An image does not exist locally with the tag: {name}") from error

    def _note(self, reference: Reference, pushed: Pushed, report: Report) -> None:
        """Remember where the image is now, and tell it (moby distribution/push_v2.go pushV2Tag)."""
        image = self._images.get(reference.familiar())
        if image.manifest == str(pushed.digest):
            self._images.ledger.name(image, [reference.name_only().with_digest(pushed.digest)])
            self._images.ledger.publish("push", image, reference.familiar())
        report(plain(f"{reference.tag}: digest: {pushed.digest} size: {pushed.size_bytes}"))
        aux = {"Tag": reference.tag, "Digest": str(pushed.digest), "Size": pushed.size_bytes}
        report({"progressDetail": {}, "aux": aux})

    async def login(self, server: str, credentials: Credentials) -> Login:
        domain = registry_of(server)
        async with self._connector.client() as http:
            connection = await self._connector.own(http, domain, credentials, offline=True)
            try:
                async with connection.send(Call("GET", "/v2/")):
                    pass
            except Refused as error:
                raise _not_logged_in(connection, error) from error
            return Login("Login Succeeded", connection.authorizer.identity_token)

    async def search(self, term: str, limit: int, filters: Mapping[str, Sequence[str]]) -> Sequence[Found]:
        domain, rest = search.split(term)
        own = [endpoint.url for endpoint in self._connector.endpoints.own(domain)]
        servers = [search.INDEX] if domain == DEFAULT_DOMAIN else own
        async with self._connector.client() as http:
            return search.filtered(await search.search(http, servers, rest, limit), filters)


def registry_of(server: str) -> str:
    """The domain of what clients call a registry when they log in: ``https://index.docker.io/v1/``, ``a:5000``."""
    host = server.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return DEFAULT_DOMAIN if host in _HUB_NAMES else host


def _not_logged_in(connection: Connection, error: Refused) -> WherryError:
    if error.status in (401, 403):
        url = f"{connection.endpoint.url}/v2/"
        return Unauthenticated(f"login attempt to {url} failed with status: {error.status} {error.message}")
    return general(error)
