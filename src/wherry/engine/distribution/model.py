"""What is asked of registries and what they say, as values."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from wherry.oci.model import Descriptor, Manifest
from wherry.oci.platform import Platform


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's, for one registry; all empty: anonymous.

    ``identity_token``: what the registry's token server gave instead of the password (an OAuth refresh token).
    ``registry_token``: sent to the registry as it is.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def is_anonymous(self) -> bool:
        return not (self.username or self.password or self.identity_token or self.registry_token)


ANONYMOUS = Credentials()


class Document(msgspec.Struct, frozen=True):
    """A manifest or index as it came: ``descriptor`` says what ``data`` is, and was checked."""

    descriptor: Descriptor
    data: bytes


class Artifact(msgspec.Struct, frozen=True):
    """What a registry has that need not be an image: ``config`` was verified, of the layers there are descriptors."""

    manifest: Manifest
    config: bytes


class Login(msgspec.Struct, frozen=True):
    """``identity_token``: to be kept instead of the password; empty: the registry gives none."""

    status: str
    identity_token: str = ""


class Inspected(msgspec.Struct, frozen=True):
    """What a registry has under a reference."""

    descriptor: Descriptor
    platforms: Sequence[Platform]


class Found(msgspec.Struct, frozen=True):
    """A repository that a search found."""

    name: str
    description: str
    stars: int
    is_official: bool
    is_automated: bool
