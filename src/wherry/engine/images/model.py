"""What an image is, to everybody outside this package."""

from collections.abc import Sequence

import msgspec

from wherry.oci.model import ImageConfig


class Image(msgspec.Struct, frozen=True):
    """One image of this machine.

    ``id`` is ``sha256:`` and the digest of ``config_bytes``. ``diff_ids`` and ``chain_ids`` run from the lowest layer
    up; ``layers`` names their blobs as they are stored (compressed or not), in the same order.
    ``size_bytes`` is what the layers take unpacked, without regard to sharing. ``repo_tags`` and ``repo_digests`` are
    in familiar form (``demo:1``), sorted. ``created_nanoseconds`` is since 1970, 0 when the image does not say.
    ``parent`` is an image id or empty.
    """

    id: str
    config: ImageConfig
    config_bytes: bytes
    manifest: str
    manifest_type: str
    diff_ids: tuple[str, ...]
    chain_ids: tuple[str, ...]
    layers: tuple[str, ...]
    layer_sizes_bytes: tuple[int, ...]
    size_bytes: int
    created: str
    created_nanoseconds: int
    repo_tags: tuple[str, ...]
    repo_digests: tuple[str, ...]
    parent: str
    last_tagged_nanoseconds: int

    @property
    def comment(self) -> str:
        """The image's comment, or its last history entry's (as moby's inspect says)."""
        if self.config.comment:
            return self.config.comment
        return (self.config.history[-1].comment if self.config.history else "") or ""


class HistoryEntry(msgspec.Struct, frozen=True):
    """One line of ``docker history``; ``id`` is ``<missing>`` where no image of this machine ends at that step."""

    id: str
    created_seconds: int
    created_by: str
    tags: tuple[str, ...]
    size_bytes: int
    comment: str


class ImageUse(msgspec.Struct, frozen=True):
    """A container made from an image; ``running`` includes paused and restarting."""

    container_id: str
    running: bool


class Description(msgspec.Struct, frozen=True):
    """What an import says of its image besides the files. ``platform`` empty: this machine's."""

    changes: Sequence[str] = ()
    message: str = ""
    platform: str = ""


class StoredLayer(msgspec.Struct, frozen=True):
    """A layer stored as gzip: ``diff_id`` is the digest of the tar, ``blob`` of the gzip around it."""

    diff_id: str
    blob: str
    blob_bytes: int


class Layer(msgspec.Struct, frozen=True):
    """A stored, extracted layer: its blob and what it unpacks to. ``media_type`` is the blob's."""

    diff_id: str
    blob: str
    blob_bytes: int
    media_type: str
    unpacked_bytes: int
