"""What a snapshotter is asked and what it answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Limits:
    """What one layer may cost. Beyond any of it extraction ends with Invalid and leaves nothing.

    ``bytes`` counts the uncompressed tar, and a sparse file by its length. The tar may be ``ratio`` times its
    compressed form as soon as it is larger than ``ratio_free_bytes`` (zeros compress 1 : 1000 with gzip, and images do
    contain files of zeros; a bomb is stopped after a second's work). ``depth`` counts the names in a path; its
    length is limited by the kernel's PATH_MAX besides.
    """

    bytes: int = 64 << 30
    ratio: int = 200
    ratio_free_bytes: int = 1 << 30
    entries: int = 1_000_000
    depth: int = 512


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class ExtractResult:
    """``diff_id``: sha256 of the uncompressed stream. ``size_bytes``: of all its files' contents, as Docker counts."""

    diff_id: str
    size_bytes: int
    entries: int


class Snapshots(Protocol):
    """Layers by chain id (``sha256:…``). Everything blocks; long work belongs in a thread. Thread safe."""

    def has(self, chain_id: str) -> bool: ...

    def extract(
        self, chain_id: str, parent: str | None, stream: BinaryIO, limits: Limits = DEFAULT_LIMITS
    ) -> ExtractResult:
        """Make the snapshot of a layer whose tar (plain, gzip, zstd, xz, bzip2) is read from ``stream`` to its end.

        ``parent`` is the chain below (None: the lowest layer) and must exist. All or nothing, also in a crash. Raises
        Invalid for a layer that is malformed, hostile or over a limit, Unavailable when the disk is full. When
        the snapshot is there already the new one is dropped.
        """
        ...

    def path(self, chain_id: str) -> Path:
        """The directory of this one layer, as an overlayfs lower directory."""
        ...

    def layers(self, chain_ids: list[str]) -> list[Path]:
        """Directories for an overlay mount, the topmost first, from the chain ids of an image, the lowest first."""
        ...

    def remove(self, chain_id: str) -> None:
        """Delete. Idempotent. Nobody may have it mounted."""
        ...

    def usage(self, chain_id: str) -> int:
        """``size_bytes`` of its extraction; NotFound."""
        ...

    def list(self) -> list[str]:
        """Chain ids of all snapshots."""
        ...

    def prepare(self, directory: Path, owner: int) -> tuple[Path, Path]:
        """Make a container's writable directory and overlayfs's work directory below ``directory``: upper, work.

        Both belong to uid and gid ``owner``. What is there already stays.
        """
        ...

    def recover(self) -> None:
        """At start: delete what a crash left half-made or half-deleted."""
        ...
