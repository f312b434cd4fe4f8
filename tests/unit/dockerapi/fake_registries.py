"""Registries and a builder that remember what they are asked."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from wherry.engine.build.cache import CachedLayer, Record
from wherry.engine.distribution.endpoints import Endpoints
from wherry.engine.distribution.model import Credentials, Found, Inspected, Login
from wherry.kit.errors import Unauthenticated
from wherry.oci import mediatypes
from wherry.oci.model import Descriptor
from wherry.oci.platform import Platform
from wherry.oci.reference import Reference


@dataclass
class FakeRegistries:
    """Registries that have everything; ``error`` is what a pull or push ends with."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    error: Exception | None = None

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(["http://127.0.0.1:5000"], ["registry.lan"])

    async def pull(
        self, reference: Reference, platform: str, credentials: Credentials
    ) -> AsyncIterator[dict[str, Any]]:
        self.calls.append(("pull", str(reference), platform, credentials))
        if self.error is not None and reference.tag == "none":
            raise self.error
        yield {"status": f"Pulling from {reference.familiar_name}"}
        if self.error is not None:
            raise self.error

    async def push(self, reference: Reference, credentials: Credentials) -> AsyncIterator[dict[str, Any]]:
        self.calls.append(("push", str(reference), credentials))
        yield {"status": "Pushed"}

    async def login(self, server: str, credentials: Credentials) -> Login:
        self.calls.append(("login", server, credentials))
        if credentials.password != "right":
            raise Unauthenticated("unauthorized: incorrect username or password")
        return Login("Login Succeeded", "kept")

    async def inspect(self, reference: Reference, credentials: Credentials) -> Inspected:
        self.calls.append(("inspect", str(reference), credentials))
        descriptor = Descriptor(media_type=mediatypes.OCI_MANIFEST, digest="sha256:" + "1" * 64, size=7)
        return Inspected(descriptor, [Platform.parse("linux/arm/v7")])

    async def search(self, term: str, limit: int, filters: Any) -> Sequence[Found]:
        self.calls.append(("search", term, limit, filters))
        return [Found("demo", "A demo", 3, True, False)]


class FakeBuilds:
    """A builder that has made nothing yet."""

    async def prune(self, everything: bool, keep_bytes: int, older_nanoseconds: int) -> "FakeBuilds":
        return self

    keys: Sequence[str] = ()
    bytes = 0

    @staticmethod
    def usage() -> Sequence[Record]:
        layer = CachedLayer("sha256:c", "sha256:d", "sha256:b", 10, 20)
        return [Record("f" * 64, layer, "RUN true", 1_700_000_000_000_000_000, 1_700_000_001_000_000_000, 3)]
