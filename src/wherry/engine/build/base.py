"""Images to build on: this machine's own, pulled where they are missing."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from wherry.engine.build.around import Report
from wherry.engine.build.layers import Layer
from wherry.engine.images import Images
from wherry.engine.images.model import Image
from wherry.kit.errors import NotFound
from wherry.oci.platform import Platform, host
from wherry.oci.reference import Reference

Pull = Callable[[str, str], AsyncIterator[Mapping[str, object]]]
"""Pulls a reference for a platform, yielding Docker's messages; raises when that fails."""


class LocalImages:
    """See :class:`around.Base`. ``pull`` None: nothing can be pulled."""

    def __init__(self, images: Images, pull: Pull | None = None) -> None:
        self._images = images
        self._pull = pull

    def known(self, reference: str) -> Image | None:
        try:
            return self._images.get(reference)
        except NotFound:
            return None

    async def image(self, reference: str, platform: str, pull: bool, report: Report) -> Image:
        found = self.known(reference)
        if found is not None and not pull and self._fits(found, platform):
            return found
        if self._pull is None:
            if found is not None:
                return found
            raise NotFound(f"image {reference} is not on this machine, and this engine cannot pull")
        familiar = Reference.parse(reference).tagged().familiar()
        async for message in self._pull(familiar, platform):
            report(message)
        return self._images.get(reference)

    @staticmethod
    def _fits(image: Image, platform: str) -> bool:
        wanted = Platform.parse(platform) if platform else host()
        return wanted.accepts(Platform.of(image.config))

    def layers(self, image: Image) -> Sequence[Layer]:
        return [
            Layer(one.diff_id, one.blob, one.blob_bytes, one.media_type, one.unpacked_bytes)
            for one in self._images.layers(image.id)
        ]
