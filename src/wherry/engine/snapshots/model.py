"""What a snapshotter is asked and what it answers."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """What one layer may cost. Beyond any of it extraction ends with Invalid and leaves nothing.

    ``bytes`` counts the uncompressed tar, and a sparse file by its length. The tar may be ``ratio`` times its
    compressed form as soon as it is larger than ``ratio_free_bytes`` (zeros compress 1 : 1000 with gzip, and images do
    contain files of zeros; a bomb is stopped after a second's work). ``entries`` counts also the directories that
    nobody describes. ``depth`` counts the names in a path; its length is limited by the kernel's PATH_MAX besides.
    """

    bytes: int = 64 << 30
    ratio: int = 200
    ratio_free_bytes: int = 1 << 30
    entries: int = 1_000_000
    depth: int = 512


DEFAULT_LIMITS = Limits()


class ExtractResult(msgspec.Struct, frozen=True):
    """``diff_id``: sha256 of the uncompressed stream. ``size_bytes``: of all its files' contents, as Docker counts."""

    diff_id: str
    size_bytes: int
    entries: int


class ExtractOptions(msgspec.Struct, frozen=True):
    """``durable`` False: the caller calls :meth:`Snapshots.sync` before anything durable refers to the snapshot.

    ``below_ready``: the layers below may not be there yet; it returns when they are, or raises what the extraction is
    then to end with. None: they are.
    """

    limits: Limits = DEFAULT_LIMITS
    durable: bool = True
    below_ready: Callable[[], None] | None = None


DEFAULT_EXTRACT = ExtractOptions()


class Sink(Protocol):
    """Where a layer's tar goes, in pieces of at most 1 MiB that are used up when the call returns."""

    def write(self, data: bytes | bytearray | memoryview, /) -> object: ...


class CommitOptions(msgspec.Struct, frozen=True):
    """How an upper directory becomes a layer.

    ``first_id``: the host's id of the container's root; ids in the upper directory are that much too high. Those that
    are not among the container's 65536 are refused. 0: they are as the image is to have them.
    ``epoch_seconds``: no entry is younger (https://reproducible-builds.org/specs/source-date-epoch/); None: all keep
    their times. Times are whole seconds in any case, as in every image.
    ``stubs``: paths where the runtime put mount points. They, and directories on the way to them, are left out when
    they are empty and the layers below do not have them, or have them with the same owner and mode.
    ``durable`` False: the caller calls :meth:`Snapshots.sync` before anything durable refers to the snapshot.
    """

    first_id: int = 0
    epoch_seconds: int | None = None
    stubs: frozenset[str] = frozenset()
    durable: bool = True
    limits: Limits = DEFAULT_LIMITS


DEFAULT_COMMIT = CommitOptions()


class Diff(msgspec.Struct, frozen=True):
    """``diff_id``: sha256 of the tar that was written; ``size_bytes`` and ``entries`` as of :class:`ExtractResult`."""

    diff_id: str
    size_bytes: int
    entries: int


class Committed(Diff, frozen=True):
    """``chain_id`` names the snapshot."""

    chain_id: str


class Guise(msgspec.Struct, frozen=True):
    """A tree as one container sees it.

    ``userns`` is a descriptor of the user namespace by which the layers' ids are mapped (None: they are not).
    ``furnish`` mounts what else the container has: it gets a descriptor of the tree's root, in a thread with a mount
    namespace of its own, and what it moves onto directories of the tree is part of the view.
    """

    userns: int | None = None
    furnish: Callable[[int], None] | None = None


class Snapshots(Protocol):
    """Layers by chain id (``sha256:…``). Everything blocks; long work belongs in a thread. Thread safe."""

    def has(self, chain_id: str) -> bool: ...

    def extract(
        self, chain_id: str, parent: str | None, stream: BinaryIO, options: ExtractOptions = DEFAULT_EXTRACT
    ) -> ExtractResult:
        """Make the snapshot of a layer whose tar (plain, gzip, zstd, xz, bzip2) is read from ``stream`` to its end.

        ``parent`` is the chain below (None: the lowest layer) and must exist, as soon as it is needed, and before this
        one is seen. All or nothing, also in a crash. Raises Invalid for a layer that is malformed, hostile or over a
        limit, Unavailable when the disk is full. When the snapshot is there already the new one is dropped.
        """
        ...

    def commit(self, upper: Path, parent: str | None, sink: Sink, options: CommitOptions = DEFAULT_COMMIT) -> Committed:
        """Make the snapshot of the layer that a finished overlayfs upper directory is, by moving that directory.

        The layer's tar, not compressed, goes to ``sink``: the same tree gives the same bytes, and extracting them gives
        the same snapshot. Nobody may have ``upper`` mounted or change it; it is on the file system of the snapshots,
        and of no use afterwards, whatever happens. ``parent`` is the chain below (None: the lowest layer) and must
        exist. All or nothing, also in a crash; when the snapshot is there already the new one is dropped. Raises
        Invalid for what no layer can hold or what is over a limit, Unavailable when the disk is full.
        """
        ...

    def diff(self, upper: Path, parent: str | None, sink: Sink, options: CommitOptions = DEFAULT_COMMIT) -> Diff:
        """Write the tar that :meth:`commit` would, and leave ``upper`` as it is. It may be in use: what changes
        meanwhile is written as it was or as it is. Raises as commit does."""
        ...

    def view(
        self,
        chain_ids: list[str],
        upper: Path | None = None,
        work: Path | None = None,
        guise: Guise | None = None,
        volatile: bool = False,
    ) -> AbstractContextManager[int]:
        """The merged tree of an image's layers (chain ids, the lowest first; none: an empty tree) as a directory.

        The descriptor is an overlay mounted nowhere, without devices and set-id programs, good for openat(2) and
        openat2(2) from every thread until the end. Read only, with ``upper`` on top if it is given, or, with ``work``
        too (see :meth:`prepare`; nobody else has them mounted), what is written goes to ``upper``. That is on the disk
        when the view has ended, but with ``volatile`` only when it was committed. With a user namespace in ``guise``
        a writable ``upper`` has mapped ids. Raises NotFound for a chain id, KernelError.
        """
        ...

    def sync(self) -> None:
        """Write to the disk what was committed without ``durable``. Raises KernelError (EIO, ENOSPC)."""
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
