"""Digests: ``algorithm:hex`` (OCI image-spec 1.1, descriptor.md "Digests").

A parsed digest is safe to use in a path: its algorithm is one of two words, its encoding lower-case hexadecimal of
exactly the right length.
"""

import hashlib
import re

import msgspec

from wherry.kit.errors import Invalid

HEX_LENGTHS = {"sha256": 64, "sha512": 128}
"""The registered algorithms and how many hexadecimal digits they have (image-spec, "Registered Algorithms")."""

_FORM = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+", re.ASCII)
_HEX = re.compile(r"[a-f0-9]+", re.ASCII)


class Digest(msgspec.Struct, frozen=True, order=True):
    """``str()`` of it is the wire form. Make one with :meth:`parse` or :meth:`of`: only these check."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Raises Invalid with the words of go-digest, which Docker passes on."""
        if len(text) > 256 or not _FORM.fullmatch(text):
            raise Invalid("invalid checksum digest format")
        algorithm, _, encoded = text.partition(":")
        if algorithm not in HEX_LENGTHS:
            raise Invalid("unsupported digest algorithm")
        if len(encoded) != HEX_LENGTHS[algorithm]:
            raise Invalid("invalid checksum digest length")
        if not _HEX.fullmatch(encoded):
            raise Invalid("invalid checksum digest format")
        return cls(algorithm, encoded)

    @classmethod
    def of(cls, data: bytes, algorithm: str = "sha256") -> "Digest":
        """The digest of ``data``."""
        return cls(algorithm, hashlib.new(algorithm, data).hexdigest())

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"
