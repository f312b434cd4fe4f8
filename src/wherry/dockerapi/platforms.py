"""Which platform's image a client means, where it may say so (``--platform`` of save, load, push, rmi, …)."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from wherry.dockerapi.parameters import Query
from wherry.engine.images.model import Image
from wherry.kit.errors import Invalid, NotFound
from wherry.oci import model
from wherry.oci.platform import Platform


class Images(Protocol):
    """Where images are looked up; NotFound."""

    def get(self, name: str) -> Image: ...


def platforms_of(query: Query, name: str = "platform") -> list[Platform]:
    """All that a parameter names: as OCI's JSON (moby httputils.DecodePlatform), or as ``linux/arm64``. Invalid."""
    return [_platform(text) for text in query.texts(name) if text]


def _platform(text: str) -> Platform:
    if not text.startswith("{"):
        return Platform.parse(text)
    try:
        return Platform.of(msgspec.json.decode(text, type=model.Platform))
    except msgspec.DecodeError as error:
        raise Invalid(f"failed to parse platform {text}: {error}") from error


def check(images: Images, names: Sequence[str], query: Query, parameter: str = "platform") -> None:
    """An image is for one platform here. NotFound when that is none of those that are asked for, if any are."""
    platforms = platforms_of(query, parameter)
    for name in names if platforms else ():
        found = Platform.of(images.get(name).config)
        if not any(platform.accepts(found) for platform in platforms):
            raise NotFound(
                f"image with reference {name} was found but its platform ({found}) "
                f"does not match the specified platform ({', '.join(map(str, platforms))})"
            )
