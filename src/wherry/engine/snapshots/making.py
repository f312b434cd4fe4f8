"""A layer's tar to a directory, and back. :mod:`overlay` loads this with the first layer: 25 ms and 2 MB a daemon."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, NamedTuple

from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.extractor import Extractor
from wherry.engine.snapshots.inherit import Inheritance
from wherry.engine.snapshots.model import CommitOptions, Diff, Limits, Sink
from wherry.engine.snapshots.settle import Settler
from wherry.engine.snapshots.source import Source
from wherry.engine.snapshots.stubs import Stubs
from wherry.engine.snapshots.tarwriter import TarWriter
from wherry.engine.snapshots.tree import LayerWriter, Rendering


class Made(NamedTuple):
    """``layer``: what it is; ``opaque``: it hides all layers below."""

    layer: Diff
    opaque: bool


def unpack(root: int, stream: BinaryIO, limits: Limits, below: Callable[[], Sequence[Path]]) -> Made:
    """Extract ``stream`` into the empty directory ``root``.

    ``below`` gives the layers under it, the topmost first; it is called when they are needed.
    """
    source = Source(Decompressed(stream), limits)
    with Inheritance(below) as inheritance, closing(Extractor(root, source, limits, inheritance)) as extractor:
        extractor.run()
    return Made(Diff(source.diff_id, extractor.size_bytes, extractor.entries), extractor.is_opaque)


def pack(root: int, sink: Sink, options: CommitOptions, below: Sequence[Path], settle: bool) -> Made:
    """Write the tar of ``root``; with ``settle``, make it what the extraction of that tar would give."""
    archive = TarWriter(sink)
    settler = Settler(options.first_id != 0) if settle else None
    with Inheritance(below) as inheritance:
        skip = Stubs(options, inheritance).skip
        rendering = Rendering(options.first_id, options.epoch_seconds, options.limits, skip)
        writer = LayerWriter(archive, rendering, settler)
        writer.write(root)
    return Made(Diff(archive.finish(), writer.size_bytes, writer.entries), writer.opaque)
