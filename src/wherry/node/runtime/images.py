"""Images for pods: found here, or brought from a registry with a pull secret."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from wherry.engine.distribution.model import ANONYMOUS
from wherry.engine.distribution.model import Credentials as EngineCredentials
from wherry.engine.images import InUse
from wherry.engine.images.model import Image
from wherry.kit.errors import Forbidden, NotFound, Unauthenticated, Unavailable, WherryError
from wherry.node.pods.runtime import Credentials, ImageStatus
from wherry.node.runtime.needs import EngineImages, Registries
from wherry.node.runtime.pulled import Pulled
from wherry.oci.reference import DEFAULT_DOMAIN, Reference

_ID = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_HUB = ("index.docker.io", "registry-1.docker.io", DEFAULT_DOMAIN)


@dataclass(frozen=True, slots=True)
class Care:
    """What it takes to remove images again: whose they are, and what containers there are of one (by its id)."""

    pulled: Pulled
    in_use: InUse


class PodImages:
    """An image that was made here (built, loaded, committed) and never came from a registry or went to one is the
    newest there is of its name: a pull does not ask for it elsewhere. By digest it is found by its manifest's."""

    def __init__(self, images: EngineImages, registries: Registries, care: "Care | None" = None) -> None:
        self._images = images
        self._registries = registries
        self._care = care
        self._references: dict[str, tuple[Image, str]] = {}
        self._pulls: dict[tuple[str, tuple[Credentials, ...]], asyncio.Task[Image]] = {}

    def find(self, reference: str) -> ImageStatus | None:
        """What is there already. Invalid for what is no reference."""
        found = self._find(reference)
        return status(found) if found is not None else None

    def all(self) -> list[ImageStatus]:
        care = self._care
        return [status(image, care is not None and care.pulled.covers(image)) for image in self._images.list()]

    def remove(self, image_id: str) -> None:
        """Take its names, and with the last one the image. Nothing for what has a name that is not the pods'.
        Conflict when a container uses it."""
        image = next((each for each in self._images.list() if each.id == image_id), None)
        if image is None or self._care is None or not self._care.pulled.covers(image):
            return
        for name in (*image.repo_tags, *image.repo_digests):
            try:
                self._images.remove(name, force=False, prune=True, in_use=self._care.in_use)
            except NotFound:
                pass  # a digest goes with the last tag of its repository
            self._care.pulled.forget(Reference.parse(name))

    def reference_of(self, image_id: str) -> str:
        """What a container of the image shows as its imageID."""
        try:
            image = self._images.held(image_id)
        except NotFound:
            return image_id
        known = self._references.get(image_id)
        if known is None or known[0] is not image:  # it is another object as soon as a name of it has changed
            known = self._references[image_id] = image, status(image).reference
        return known[1]

    async def ensure(self, reference: str, pull: bool, credentials: Sequence[Credentials]) -> ImageStatus:
        """See :meth:`wherry.node.pods.runtime.PodRuntime.ensure_image`."""
        found = self._find(reference)
        if found is not None and (not pull or _ID.fullmatch(reference) or is_own(found, Reference.parse(reference))):
            return status(found)
        return status(await self._pull(Reference.parse(reference).tagged(), tuple(credentials)))

    def _find(self, text: str) -> Image | None:
        try:
            if _ID.fullmatch(text):
                return self._images.get(text)
            reference = Reference.parse(text).tagged()
            return self._images.get(str(reference))  # with its domain it cannot be taken for the beginning of an id
        except NotFound:
            pass
        return None if _ID.fullmatch(text) else self._made_here(Reference.parse(text))

    def _made_here(self, reference: Reference) -> Image | None:
        if reference.digest is None:
            return None
        wanted = str(reference.digest)
        found = (image for image in self._images.list() if image.manifest == wanted)
        return next((image for image in found if reference.name in _repositories(image.repo_tags)), None)

    async def _pull(self, reference: Reference, credentials: tuple[Credentials, ...]) -> Image:
        """Who asks for the same meanwhile waits for the same."""
        key = str(reference), credentials
        task = self._pulls.get(key)
        if task is None:
            task = self._pulls[key] = asyncio.get_running_loop().create_task(self._fetch(reference, credentials))
            task.add_done_callback(lambda done: self._pulled(key, done))
        return await asyncio.shield(task)

    def _pulled(self, key: tuple[str, tuple[Credentials, ...]], task: "asyncio.Task[Image]") -> None:
        self._pulls.pop(key, None)
        if not task.cancelled():
            task.exception()  # who waited for it may be gone

    async def _fetch(self, reference: Reference, credentials: tuple[Credentials, ...]) -> Image:
        """With each user that the pull secrets have for it; without one, as nobody."""
        refusal: WherryError | None = None
        for user in usable(credentials, reference) or (ANONYMOUS,):
            try:
                return await self._fetched(reference, user)
            except (Unauthenticated, Forbidden, NotFound) as error:
                refusal = error
            except (WherryError, OSError) as error:
                raise Unavailable(str(error)) from error
        assert refusal is not None
        raise refusal if isinstance(refusal, NotFound) else Unavailable(refusal.message) from refusal

    async def _fetched(self, reference: Reference, user: EngineCredentials) -> Image:
        is_known = self._find(str(reference)) is not None
        image = await self._registries.fetch(reference, None, user)
        if self._care is not None and not is_known:
            self._care.pulled.note(reference)
        return image

    async def close(self) -> None:
        """End what is under way."""
        for task in list(self._pulls.values()):
            task.cancel()
        await asyncio.gather(*self._pulls.values(), return_exceptions=True)


def status(image: Image, is_collectable: bool = False) -> ImageStatus:
    digests = [str(Reference.parse(text)) for text in image.repo_digests]
    tags = [str(Reference.parse(text)) for text in image.repo_tags]
    own = [f"{Reference.parse(text).name}@{image.manifest}" for text in image.repo_tags[:1]]
    return ImageStatus(
        id=image.id,
        reference=next(iter([*digests, *own]), image.id),
        names=(*digests, *tags),
        size_bytes=image.size_bytes,
        user=image.config.config.user or "",
        is_collectable=is_collectable,
    )


def is_own(image: Image, reference: Reference) -> bool:
    """Whether it was made here, as far as this repository is concerned."""
    return reference.name in _repositories(image.repo_tags) and reference.name not in _repositories(image.repo_digests)


def _repositories(references: Sequence[str]) -> set[str]:
    return {Reference.parse(text).name for text in references}


def usable(credentials: Sequence[Credentials], reference: Reference) -> list[EngineCredentials]:
    """Those that are for the reference's registry, in their order: pure. Whose they are, the agent has seen to."""
    names = _HUB if reference.domain == DEFAULT_DOMAIN else (reference.domain,)
    return [EngineCredentials(one.username, one.password) for one in credentials if one.registry in names]
