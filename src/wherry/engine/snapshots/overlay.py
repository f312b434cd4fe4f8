"""The snapshotter for overlayfs: directories on the host's file system. The layout is in the package's docstring."""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from wherry.engine.snapshots.model import (
    DEFAULT_COMMIT,
    DEFAULT_EXTRACT,
    CommitOptions,
    Committed,
    Diff,
    ExtractOptions,
    ExtractResult,
    Guise,
    Limits,
    Sink,
)
from wherry.engine.snapshots.view import VIEW, untouched, viewed
from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.linux.overlay import Stack
from wherry.linux.trees import remove_tree, sync_file_system
from wherry.oci import chain
from wherry.oci.digest import Digest

if TYPE_CHECKING:
    from wherry.engine.snapshots.making import Made

_FILES = "fs"
_RECORD = "layer.json"
_LAYER, _TRASH = "layer-", "trash-"


class LayerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """layer.json. ``opaque``: the layer's root hides all layers below."""

    parent: str | None
    diff_id: str
    size_bytes: int
    entries: int
    opaque: bool


class OverlaySnapshots:
    """See :class:`wherry.engine.snapshots.Snapshots`. ``tmp`` is on the file system of ``root``; one process at a time.

    ``durable`` False leaves writing to the disk to the kernel: for benchmarks and tests.
    """

    def __init__(self, root: Path, tmp: Path, durable: bool = True) -> None:
        self._layers = root / "sha256"
        self._tmp = tmp
        self._durable = durable
        self._records: dict[str, LayerRecord] = {}
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        self._layers.mkdir(mode=0o700, exist_ok=True)
        tmp.mkdir(mode=0o700, parents=True, exist_ok=True)

    def has(self, chain_id: str) -> bool:
        return self._directory(chain_id).is_dir()

    def path(self, chain_id: str) -> Path:
        return self._directory(chain_id) / _FILES

    def _directory(self, chain_id: str) -> Path:
        digest = Digest.parse(chain_id)
        if digest.algorithm != "sha256":
            raise Invalid(f"chain id {chain_id} is not of sha256")
        return self._layers / digest.hex

    def layers(self, chain_ids: list[str]) -> list[Path]:
        topmost_first = []
        for chain_id in reversed(chain_ids):
            topmost_first.append(self.path(chain_id))
            if self._record(chain_id).opaque:
                break
        return topmost_first

    @contextmanager
    def view(
        self,
        chain_ids: list[str],
        upper: Path | None = None,
        work: Path | None = None,
        guise: Guise | None = None,
        volatile: bool = False,
    ) -> Iterator[int]:
        layers = [str(path) for path in self.layers(chain_ids)]
        if upper is not None and work is None:
            layers, upper = [str(upper), *layers], None
        guise = guise or Guise()
        stack = Stack(layers, str(upper or ""), str(work or ""), guise.userns, volatile)
        with viewed(stack, self._tmp, guise.furnish) as fd:
            yield fd

    def usage(self, chain_id: str) -> int:
        return self._record(chain_id).size_bytes

    def list(self) -> list[str]:
        return [f"sha256:{entry.name}" for entry in os.scandir(self._layers)]

    def _record(self, chain_id: str) -> LayerRecord:
        """Records never change while the directory exists: read once."""
        record = self._records.get(chain_id)
        if record is None:
            try:
                data = (self._directory(chain_id) / _RECORD).read_bytes()
            except FileNotFoundError as error:
                raise NotFound(f"layer {chain_id} is not extracted here") from error
            record = self._records[chain_id] = msgspec.json.decode(data, type=LayerRecord)
        return record

    def extract(
        self, chain_id: str, parent: str | None, stream: BinaryIO, options: ExtractOptions = DEFAULT_EXTRACT
    ) -> ExtractResult:
        target = self._directory(chain_id)
        below = self._waiting(parent, options.below_ready)
        with self._unfinished() as directory:
            record = self._fill(directory, stream, options.limits, parent, below)
            (directory / _RECORD).write_bytes(msgspec.json.encode(record))
            below()
            self._publish(directory, target, options.durable)
        return ExtractResult(record.diff_id, record.size_bytes, record.entries)

    def _waiting(self, parent: str | None, ready: Callable[[], None] | None) -> Callable[[], Sequence[Path]]:
        """Gives the layers below as soon as they are there; they are looked up at once when they are."""
        if ready is None:
            found = self._below(parent)
            return lambda: found

        def wait() -> Sequence[Path]:
            ready()
            return self._below(parent)

        return wait

    def commit(self, upper: Path, parent: str | None, sink: Sink, options: CommitOptions = DEFAULT_COMMIT) -> Committed:
        with self._unfinished("commit") as directory:
            root = os.open(upper, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                done, opaque = self._write(root, parent, sink, options, settle=True)
            finally:
                os.close(root)
            (directory / _FILES).rmdir()
            upper.rename(directory / _FILES)
            record = LayerRecord(
                parent=parent, diff_id=done.diff_id, size_bytes=done.size_bytes, entries=done.entries, opaque=opaque
            )
            (directory / _RECORD).write_bytes(msgspec.json.encode(record))
            chain_id = chain.chain_id(parent, done.diff_id)
            self._publish(directory, self._directory(chain_id), options.durable)
        return Committed(done.diff_id, done.size_bytes, done.entries, chain_id)

    def diff(self, upper: Path, parent: str | None, sink: Sink, options: CommitOptions = DEFAULT_COMMIT) -> Diff:
        with untouched(upper) as root:
            return self._write(root, parent, sink, options, settle=False).layer

    def _write(self, root: int, parent: str | None, sink: Sink, options: CommitOptions, settle: bool) -> "Made":
        from wherry.engine.snapshots.making import pack

        return pack(root, sink, options, self._below(parent), settle)

    def sync(self) -> None:
        sync_file_system(self._layers)

    def _below(self, parent: str | None) -> Sequence[Path]:
        """The files of the layers below, the topmost first."""
        paths = []
        while parent is not None:
            paths.append(self.path(parent))
            record = self._record(parent)
            parent = None if record.opaque else record.parent
        return paths

    @contextmanager
    def _unfinished(self, what: str = "extract") -> Iterator[Path]:
        """A private directory to fill; it is gone afterwards unless it was published. Its name nobody can guess."""
        directory = self._tmp / (_LAYER + secrets.token_hex(16))
        directory.mkdir(mode=0o700)
        try:
            (directory / _FILES).mkdir(mode=0o755)
            yield directory
        except OSError as error:
            raise Unavailable(f"cannot {what} a layer: {error}") from error
        finally:
            self._delete(directory)

    def _fill(
        self,
        directory: Path,
        stream: BinaryIO,
        limits: Limits,
        parent: str | None,
        below: Callable[[], Sequence[Path]],
    ) -> LayerRecord:
        from wherry.engine.snapshots.making import unpack

        root = os.open(directory / _FILES, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            made, opaque = unpack(root, stream, limits, below)
        finally:
            os.close(root)
        return LayerRecord(
            parent=parent, diff_id=made.diff_id, size_bytes=made.size_bytes, entries=made.entries, opaque=opaque
        )

    def _publish(self, directory: Path, target: Path, durable: bool = True) -> None:
        """Make a complete layer appear: its files are on the disk before its name (rename(2) orders nothing)."""
        durable = durable and self._durable
        if durable:
            sync_file_system(directory)
        try:
            directory.rename(target)
        except OSError as error:
            if not target.is_dir():
                raise
            del error  # somebody was faster with the same layer: keep that one
        if durable:
            sync_file_system(target)

    def remove(self, chain_id: str) -> None:
        self._records.pop(chain_id, None)
        trash = self._tmp / (_TRASH + secrets.token_hex(16))
        try:
            self._directory(chain_id).rename(trash)
        except FileNotFoundError:
            return
        self._delete(trash)

    def _delete(self, directory: Path) -> None:
        parent = os.open(directory.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            remove_tree(parent, directory.name)
        finally:
            os.close(parent)

    def prepare(self, directory: Path, owner: int) -> tuple[Path, Path]:
        upper, work = directory / "upper", directory / "work"
        for path, mode in ((upper, 0o755), (work, 0o700)):
            try:
                os.mkdir(path, mode)
            except FileExistsError:
                continue
            if owner:
                os.chown(path, owner, owner)
        return upper, work

    def recover(self) -> None:
        for entry in os.scandir(self._tmp):
            if entry.name.startswith((_LAYER, _TRASH, VIEW)):
                self._delete(Path(entry.path))
