"""Snapshots: layers as directories, extracted once, stacked by overlayfs.

What it is: one directory a chain id, and the extractor that fills it from a layer's tar, which it treats as hostile.
What it is not: it mounts nothing (``engine.runtime`` does), knows no images, and checks no digest against a name: it
reports the diff id it computed and the caller compares.

On disk::

    snapshots/                     0700
      sha256/<hex of chain id>/    0700; present means complete
        fs/                        the layer's own files, nothing of the layers below
        layer.json                 {"parent", "diff_id", "size_bytes", "entries", "opaque"}
    tmp/layer-<random>/            0700; being extracted, same shape
    tmp/trash-<random>/            being deleted

``fs`` is an overlayfs lower directory (Documentation/filesystems/overlayfs.rst): a deleted name is a character device
0/0, a directory that hides the ones below has the attribute ``trusted.overlay.opaque=y``. Files keep the ids the image
gives them. A layer whose *root* is opaque hides all layers below; overlayfs cannot express that, so
:meth:`Snapshots.layers` ends there.

Invariants: a directory appears by one rename of a complete, synced one and never changes afterwards. ``tmp`` is on the
same file system. Nothing but root can look in. After a crash :meth:`recover` deletes what is half-made.
"""

from wherry.engine.snapshots.model import CommitOptions, Committed, Diff, ExtractResult, Guise, Limits, Snapshots
from wherry.engine.snapshots.overlay import OverlaySnapshots

__all__ = [
    "CommitOptions",
    "Committed",
    "Diff",
    "ExtractResult",
    "Guise",
    "Limits",
    "OverlaySnapshots",
    "Snapshots",
]
