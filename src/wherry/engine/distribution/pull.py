"""Pulling: from a reference to an image of this machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from wherry.engine.content import ContentStore
from wherry.engine.distribution.arrivals import Arrivals
from wherry.engine.distribution.arriving import Arriving
from wherry.engine.distribution.asking import Asking
from wherry.engine.distribution.downloads import Downloads
from wherry.engine.distribution.progress import plain
from wherry.engine.distribution.repository import Repository
from wherry.engine.distribution.resolve import Resolved, name_of, resolve
from wherry.engine.images import Image, Images
from wherry.engine.images.progress import Message, Report
from wherry.engine.images.registrar import Candidate, LayerBlob
from wherry.kit.errors import Invalid, NotFound
from wherry.oci.decode import decode_config
from wherry.oci.digest import Digest
from wherry.oci.model import ImageConfig
from wherry.oci.platform import LINUX, Platform, host
from wherry.oci.reference import Reference


@dataclass(frozen=True, slots=True)
class Pulled:
    """``is_new``: the reference did not mean this image before."""

    image: Image
    digest: Digest
    is_new: bool


class Pulls:
    """One for the engine. ``platform`` is None for this machine's, everywhere."""

    def __init__(self, images: Images, content: ContentStore, asking: Asking) -> None:
        self._images = images
        self._content = content
        self._asking = asking
        self._arrivals = Arrivals(content)
        self._downloads = Downloads(asking)

    async def pull(
        self, repository: Repository, reference: Reference, platform: Platform | None, report: Report
    ) -> Pulled:
        """One image, by tag or digest. All or nothing. Raises what ``resolve`` and ``Arriving`` do."""
        pulled = await self._unchanged(repository, reference, platform)
        if pulled is None:
            resolved = await resolve(repository, name_of(reference), platform, self._asking)
            report(_heading(reference))
            pulled = await self._pull(repository, reference, resolved, platform, report)
        else:
            report(_heading(reference))
        report(plain(f"Digest: {pulled.digest}"))
        return pulled

    async def _unchanged(
        self, repository: Repository, reference: Reference, platform: Platform | None
    ) -> Pulled | None:
        """The image that is here, when the registry says that the tag still means it; that costs it no pull."""
        image = self._local(reference)
        if image is None or reference.tag is None or reference.digest is not None:
            return None
        if not (platform or host()).accepts(Platform.of(image.config)):
            return None
        digest = await self._asking.ask(lambda: repository.digest(name_of(reference)))
        if digest is None:
            return None
        known = self._local(replace(reference, tag=None, digest=digest))
        return Pulled(image, digest, False) if known is not None and known.id == image.id else None

    def _local(self, reference: Reference) -> Image | None:
        try:
            return self._images.get(str(reference))
        except NotFound:
            return None

    async def _pull(
        self,
        repository: Repository,
        reference: Reference,
        resolved: Resolved,
        platform: Platform | None,
        report: Report,
    ) -> Pulled:
        before = self._local(reference)

        def name(image: str) -> None:
            self._images.ledger.name(self._images.get(image), _names(reference, resolved.root))

        async with self._images.registrar.work() as work:
            image = self._known(resolved)
            if image is not None:
                _check_platform(image.config, platform)
            else:
                async with Arriving(self._content, self._arrivals, self._downloads, repository, work) as arriving:
                    image = self._images.get(
                        await self._receive(arriving, repository, resolved, platform, report, name)
                    )
            self._images.ledger.name(image, _names(reference, resolved.root))
        self._images.ledger.publish("pull", image, reference.familiar())
        return Pulled(self._images.get(image.id), resolved.root, before is None or before.id != image.id)

    def _known(self, resolved: Resolved) -> Image | None:
        """The image, when it is here: its id is its configuration's digest, which says what its layers are."""
        digest = Digest.parse(resolved.manifest.config.digest)
        if digest.algorithm != "sha256":
            return None
        try:
            return self._images.get(str(digest))
        except NotFound:
            return None

    async def _receive(
        self,
        arriving: Arriving,
        repository: Repository,
        resolved: Resolved,
        platform: Platform | None,
        report: Report,
        name: Callable[[str], None],
    ) -> str:
        manifest = resolved.manifest
        arriving.expect(manifest.layers, report)
        data = await self._asking.ask(lambda: repository.small_blob(manifest.config))
        config = decode_config(data)
        _check(config, len(manifest.layers), platform)
        document = resolved.document
        candidate = Candidate(
            config=data,
            manifest=document.descriptor.digest,
            manifest_type=document.descriptor.media_type,
            layers=[LayerBlob(layer.digest, layer.size, layer.media_type) for layer in manifest.layers],
        )
        documents = [(data, Digest.of(data)), (document.data, Digest.parse(document.descriptor.digest))]
        return await arriving.register(self._images.registrar, candidate, config, documents, name)


def _heading(reference: Reference) -> Message:
    """As docker begins: with the tag, or with all of a reference that has a digest."""
    return plain(f"Pulling from {reference.path}", reference.tag if reference.digest is None else str(reference))


def _check(config: ImageConfig, layers: int, platform: Platform | None) -> None:
    if config.os not in ("", LINUX):
        raise Invalid(f'image operating system "{config.os}" cannot be used on this platform')
    if len(config.rootfs.diff_ids) != layers:
        expected, found = layers, len(config.rootfs.diff_ids)
        raise Invalid(f"invalid manifest, layers length mismatch: expected {expected}, got {found}")
    _check_platform(config, platform)


def _check_platform(config: ImageConfig, platform: Platform | None) -> None:
    own = Platform.of(config)
    if platform is not None and config.architecture and not platform.accepts(own):
        raise NotFound(f"image was found but its platform ({own}) does not match the specified platform ({platform})")


def _names(reference: Reference, root: Digest) -> Sequence[Reference]:
    """What the image is called now: the tag, and what the tag means (moby addDigestReference)."""
    by_digest = reference.name_only().with_digest(root)
    return [by_digest] if reference.digest is not None else [reference, by_digest]
