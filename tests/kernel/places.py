"""Snapshots in a directory of a test's own."""

import io
import os
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kernel.rig import wait_until
from wherry.engine.snapshots import CommitOptions, Committed, OverlaySnapshots
from wherry.engine.snapshots.model import DEFAULT_COMMIT
from wherry.linux.trees import remove_tree

FIRST = 300_000


@dataclass
class Place:
    """Snapshots in a directory of the test's own, on the disk the tests run on."""

    root: Path
    snapshots: OverlaySnapshots
    made: int = 0

    def prepare(self, owner: int = 0) -> tuple[Path, Path]:
        self.made += 1
        directory = self.root / f"container-{self.made}"
        directory.mkdir()
        return self.snapshots.prepare(directory, owner)

    def commit(
        self, upper: Path, parent: str | None = None, options: CommitOptions = DEFAULT_COMMIT
    ) -> tuple[Committed, bytes]:
        archive = io.BytesIO()
        return self.snapshots.commit(upper, parent, archive, options), archive.getvalue()

    def elsewhere(self) -> OverlaySnapshots:
        self.made += 1
        return OverlaySnapshots(self.root / f"other-{self.made}", self.root / "tmp", durable=False)

    def files(self, chain: str) -> Path:
        return self.snapshots.path(chain)


@contextmanager
def temporary() -> Iterator[Place]:
    """At the end no mount, thread or temporary file may be left; trees may be deeper than pytest can delete."""
    root = Path(tempfile.mkdtemp(prefix="wherry-test-"))
    threads = set(threading.enumerate())
    try:
        yield Place(root, OverlaySnapshots(root / "snapshots", root / "tmp", durable=False))
        assert not list((root / "tmp").iterdir())
        assert str(root) not in Path("/proc/self/mountinfo").read_text()
        wait_until(lambda: threads.issuperset(threading.enumerate()), what="its threads to end")
    finally:
        parent = os.open(root.parent, os.O_RDONLY)
        remove_tree(parent, root.name)
        os.close(parent)


def names(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return [member.name + ("/" if member.isdir() else "") for member in tar]


def base(place: Place, **files: bytes) -> str:
    """A lowest layer with these files in the directory ``d``, the same whenever it is made."""
    upper, _ = place.prepare()
    (upper / "d").mkdir()
    for name, content in files.items():
        (upper / "d" / name).write_bytes(content)
    return place.commit(upper, None, CommitOptions(epoch_seconds=1_000_000))[0].chain_id
