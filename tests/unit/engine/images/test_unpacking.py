"""Layers are extracted side by side, and each becomes a snapshot only above those below it."""

import gzip
import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, TypeVar

import pytest

from tests.unit.engine.images.archives import digest, tar
from tests.unit.engine.images.conftest import Shelf
from wherry.engine.images.model import Layer
from wherry.engine.images.rows import ImageRows, LayerRow
from wherry.engine.images.source import LayerBlob
from wherry.engine.images.threads import in_thread_of
from wherry.engine.images.unpacking import Unpacker
from wherry.kit.errors import Invalid
from wherry.oci.chain import chain_ids

T = TypeVar("T")
LAYERS = [tar({f"file{number}": b"x" * number}) for number in range(4)]
PACKED = [gzip.compress(layer, mtime=0) for layer in LAYERS]
DIFF_IDS = [digest(layer) for layer in LAYERS]
CHAIN = chain_ids(DIFF_IDS)


class Source:
    """Reads layers in two threads; those in ``held`` not before the event is set. ``order``: as they were begun."""

    at_once = 2

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.threads = threads
        self.held: dict[int, threading.Event] = {}
        self.order: list[int] = []
        self.done: list[int] = []

    async def read(self, layer: LayerBlob, consume: Callable[[BinaryIO], T]) -> T:
        number = [digest(packed) for packed in PACKED].index(layer.digest)
        self.order.append(number)

        def work() -> T:
            if number in self.held:
                self.held[number].wait(60)
            return consume(io.BytesIO(PACKED[number]))

        return await in_thread_of(self.threads, work)

    def ready(self, layer: LayerBlob) -> None:
        self.done.append([digest(packed) for packed in PACKED].index(layer.digest))

    async def settle(self) -> None:
        pass


def stack(diff_ids: list[str] = DIFF_IDS) -> list[LayerRow]:
    return [
        LayerRow(chain_id, Layer(diff_id, digest(packed), len(packed), "", 0))
        for chain_id, diff_id, packed in zip(CHAIN, diff_ids, PACKED, strict=True)
    ]


async def unpack(shelf: Shelf, source: Source, layers: list[LayerRow]) -> list[LayerRow]:
    rows = ImageRows(shelf.images.ledger.rows.database)
    async with shelf.images.work() as work:
        return await Unpacker(rows, shelf.snapshots).unpack(work, layers, source)


async def test_each_is_extracted_with_its_size(shelf: Shelf) -> None:
    with ThreadPoolExecutor(2) as threads:
        source = Source(threads)
        rows = await unpack(shelf, source, stack())
    assert [row.chain_id for row in rows] == CHAIN
    assert [row.layer.unpacked_bytes for row in rows] == [0, 1, 2, 3]
    assert source.order == [0, 1, 2, 3]
    assert source.done == [0, 1, 2, 3]


async def test_an_upper_layer_does_not_wait_to_be_read_but_to_be_seen(shelf: Shelf) -> None:
    with ThreadPoolExecutor(2) as threads:
        source = Source(threads)
        source.held[0] = threading.Event()
        seen: list[list[str]] = []
        extract = shelf.snapshots.extract

        def watched(chain_id, parent, stream, options):  # type: ignore[no-untyped-def]
            below_ready = options.below_ready

            def wait() -> None:
                seen.append(shelf.snapshots.list())
                source.held[0].set()
                below_ready()

            from msgspec.structs import replace

            return extract(chain_id, parent, stream, replace(options, below_ready=wait if below_ready else None))

        shelf.snapshots.extract = watched  # type: ignore[method-assign]
        await unpack(shelf, source, stack())
    assert seen[0] == []  # the second layer was read while the lowest was held
    assert source.done == [0, 1, 2, 3]


async def test_a_layer_that_is_wrong_takes_those_above_with_it(shelf: Shelf) -> None:
    with ThreadPoolExecutor(2) as threads:
        source = Source(threads)
        with pytest.raises(Invalid, match="invalid diffID for layer 0"):
            await unpack(shelf, source, stack([digest(b"x"), *DIFF_IDS[1:]]))
    assert shelf.snapshots.list() == []


async def test_what_is_there_is_not_read(shelf: Shelf) -> None:
    with ThreadPoolExecutor(2) as threads:
        shelf.snapshots.extract(CHAIN[0], None, io.BytesIO(PACKED[0]))
        shelf.snapshots.extract(CHAIN[1], CHAIN[0], io.BytesIO(PACKED[1]))
        source = Source(threads)
        rows = await unpack(shelf, source, stack())
    assert source.order == [2, 3]
    assert [row.layer.unpacked_bytes for row in rows] == [0, 1, 2, 3]


async def test_only_what_no_row_knows_is_synced(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(shelf.snapshots, "sync", lambda: synced.append("sync"))
    unpacker = Unpacker(ImageRows(shelf.images.ledger.rows.database), shelf.snapshots)
    await unpacker.settle(stack())
    assert synced == ["sync"]
    await unpacker.settle([])
    assert synced == ["sync"]
