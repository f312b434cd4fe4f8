"""Base images: those that are here, and others from their registry."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from wherry.engine.build.around import Wanted
from wherry.engine.build.base import LocalImages
from wherry.kit.errors import NotFound, Unavailable
from wherry.oci.platform import Platform

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")


class Here:
    """One image, for amd64."""

    image = SimpleNamespace(config=AMD64.wire())

    def get(self, reference: str) -> Any:  # an Image, as far as asked
        if reference != "demo:1":
            raise NotFound(f"No such image: {reference}")
        return self.image


async def fetch(*asked: object) -> Any:
    raise Unavailable("no such host")


def image(reference: str, platform: Platform, pull: bool = False) -> Any:
    images = LocalImages(cast(Any, Here()), fetch)
    return asyncio.run(images.image(Wanted(reference, platform, pull, {}), lambda message: None))


def test_what_is_here_is_not_fetched() -> None:
    assert image("demo:1", AMD64) is Here.image


@pytest.mark.parametrize(("reference", "pull"), [("other:1", False), ("demo:1", True)])
def test_a_registrys_error_is_told_as_it_is(reference: str, pull: bool) -> None:
    with pytest.raises(Unavailable, match=r"^no such host$"):
        image(reference, AMD64, pull)


def test_what_is_here_for_another_platform_is_told() -> None:
    words = "image demo:1 is here for linux/amd64, not for linux/arm64, and cannot be pulled: no such host"
    with pytest.raises(NotFound, match=words):
        image("demo:1", ARM64)
