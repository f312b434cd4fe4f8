"""Images to build on: this machine's own, pulled where they are missing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from wherry.engine.build.around import Report, Wanted
from wherry.engine.build.layers import Layer
from wherry.engine.distribution.model import ANONYMOUS, Credentials
from wherry.engine.images import Images
from wherry.engine.images.model import Image
from wherry.kit.errors import NotFound, WherryError
from wherry.oci.platform import Platform
from wherry.oci.reference import Reference

Fetch = Callable[[Reference, Platform, Credentials, Report], Awaitable[Image]]
"""Pulls one image; raises when that fails."""

_HUB = ("https://index.docker.io/v1/", "docker.io", "index.docker.io")


class LocalImages:
    """See :class:`around.Base`."""

    def __init__(self, images: Images, fetch: Fetch) -> None:
        self._images = images
        self._fetch = fetch

    def known(self, reference: str) -> Image | None:
        try:
            return self._images.get(reference)
        except NotFound:
            return None

    async def image(self, wanted: Wanted, report: Report) -> Image:
        found = self.known(wanted.reference)
        if found is not None and not wanted.pull and wanted.platform.accepts(Platform.of(found.config)):
            return found
        reference = Reference.parse(wanted.reference).tagged()
        try:
            return await self._fetch(reference, wanted.platform, credentials_of(reference, wanted.credentials), report)
        except WherryError as error:
            if found is None or wanted.platform.accepts(Platform.of(found.config)):
                raise
            here = f"image {wanted.reference} is here for {Platform.of(found.config)}, not for {wanted.platform}"
            raise NotFound(f"{here}, and cannot be pulled: {error}") from error

    def layers(self, image: Image) -> Sequence[Layer]:
        return [
            Layer(one.diff_id, one.blob, one.blob_bytes, one.media_type, one.unpacked_bytes)
            for one in self._images.layers(image.id)
        ]


def credentials_of(reference: Reference, known: Mapping[str, Credentials]) -> Credentials:
    """The user of the reference's registry; Docker's hub has several names."""
    domain = reference.domain
    names = _HUB if domain == "docker.io" else (domain, f"https://{domain}", f"http://{domain}")
    return next((known[name] for name in names if name in known), ANONYMOUS)
