"""A place to extract hostile layers in: snapshots beside a canary, and the model to compare the result with."""

import io
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import tars
from tests.descriptors import open_descriptors
from tests.kernel.attacks import Canary
from tests.kernel.layermodel import Entry, Refused, differences, seen, stacked, told
from tests.kernel.rig import Rig, wait_until
from wherry.engine.snapshots import Limits, OverlaySnapshots
from wherry.engine.snapshots.model import DEFAULT_LIMITS, ExtractOptions
from wherry.kit.errors import Invalid
from wherry.linux.trees import remove_tree


@dataclass
class Place:
    """Snapshots beside a canary."""

    path: Path
    snapshots: OverlaySnapshots
    chain: list[str] = field(default_factory=list)

    def extract(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> None:
        """Put a layer on top."""
        chain_id = f"sha256:{len(self.chain):064x}"
        self.snapshots.extract(
            chain_id, self.chain[-1] if self.chain else None, io.BytesIO(data), ExtractOptions(limits)
        )
        self.chain.append(chain_id)

    def refuses(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
        """The reason; nothing of the layer may be left."""
        before = self.snapshots.list()
        with pytest.raises(Invalid) as caught:
            self.extract(data, limits)
        assert self.left_over() == []
        assert self.snapshots.list() == before
        return caught.value.message

    def left_over(self) -> list[str]:
        return os.listdir(self.path / "tmp")

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        """The layers through overlayfs, as a container has them."""
        with self.snapshots.view(self.chain) as fd:
            yield Path(f"/proc/self/fd/{fd}")

    def clear(self) -> None:
        for chain_id in self.chain:
            self.snapshots.remove(chain_id)
        self.chain.clear()


@contextmanager
def place_with_canary() -> Iterator[Place]:
    path = Path(tempfile.mkdtemp(prefix="wherry-test-"))
    before, threads = open_descriptors(), set(threading.enumerate())
    try:
        canary = Canary(path / "canary")
        place = Place(path, OverlaySnapshots(path / "snapshots", path / "tmp", durable=False))
        yield place
        place.clear()
        canary.check()
        assert place.left_over() == []
        assert sorted(os.listdir(path)) == ["canary", "snapshots", "tmp"]
        wait_until(lambda: threads.issuperset(threading.enumerate()), what="its threads to end")
        assert open_descriptors() <= before
        assert str(path) not in Path("/proc/self/mountinfo").read_text()
    finally:
        parent = os.open(path.parent, os.O_RDONLY)
        remove_tree(parent, path.name)  # may be deeper than pytest can delete
        os.close(parent)


def check(place: Place, layers: Sequence[Sequence[Entry]]) -> None:
    """The layers mean through overlayfs what they mean to the model, or both refuse them."""
    archives = [tars.archive(*[entry.tar() for entry in layer]) for layer in layers]
    try:
        expected = told(stacked(layers))
    except Refused as reason:
        with pytest.raises(Invalid):
            for archive in archives:
                place.extract(archive)
            pytest.fail(f"accepted in spite of: {reason}")
    else:
        for archive in archives:
            place.extract(archive)
        with place.mounted() as root:
            assert differences(expected, seen(root)) == []
    finally:
        assert place.left_over() == []
        place.clear()


def left_of_images(rig: Rig) -> list[object]:
    """Images, blobs, layers, and what is half-made."""
    left: list[object] = rig.docker.images.list(all=True)
    left += [path for path in (rig.root / "content/blobs").rglob("*") if path.is_file()]
    for directory in ("snapshots/sha256", "content/ingest", "tmp"):
        left += os.listdir(rig.root / directory)
    return left
