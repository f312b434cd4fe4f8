"""Snapshots: layers as directories, extracted once, stacked by overlayfs.

What it is: one directory a chain id; the extractor that fills it from a layer's tar, which it treats as hostile; the
opposite, which makes a snapshot and its tar of what a container wrote; views of layers for who reads or adds files.
What it is not: it starts nothing, knows no images, and checks no digest against a name: it reports the diff id it
computed and the caller compares. A view is mounted nowhere: the mount lives in a descriptor.

On disk::

    snapshots/                     0700
      sha256/<hex of chain id>/    0700; present means complete
        fs/                        the layer's own files, nothing of the layers below
        layer.json                 {"parent", "diff_id", "size_bytes", "entries", "opaque"}
    tmp/layer-<random>/            0700; being extracted, same shape
    tmp/trash-<random>/            being deleted
    tmp/view-<random>/             empty; for a moment, in a mount namespace of one thread, a place to mount on

``fs`` is an overlayfs lower directory (Documentation/filesystems/overlayfs.rst): a deleted name is a character device
0/0, a directory that hides the ones below has the attribute ``trusted.overlay.opaque=y``. Files keep the ids the image
gives them. A layer whose *root* is opaque hides all layers below; overlayfs cannot express that, so
:meth:`Snapshots.layers` ends there.

A layer made here: entries sorted by name, directory by directory; ids as the container saw them; times in whole
seconds, none later than asked for; no names of users, no access and change times; ustar, with pax headers only for
what ustar has no room for. Every directory of the upper directory has an entry, as with Docker, whether it was
changed or only stands above something that was; the root has none, because its owner and mode are the runtime's and
not the image's (Docker's layers have none either). Sockets are left out, and so is what the runtime itself had made
to mount things on, with directories that are there for nothing else. So the same files give the same bytes on every
machine, and extracting them gives the snapshot that was made without extracting.

Invariants: a directory appears by one rename of a complete one, when the layers below it are there, and never changes
afterwards. It is on the disk before that, or (``durable`` False) when :meth:`Snapshots.sync` has returned: before
anything durable refers to it, so that after a power cut what is referred to is whole, and the rest is removed. ``tmp``
is on the same file system. Nothing but root can look in. After a crash :meth:`recover` deletes what is half-made.
"""

from wherry.engine.snapshots.model import (
    CommitOptions,
    Committed,
    Diff,
    ExtractOptions,
    ExtractResult,
    Guise,
    Limits,
    Snapshots,
)
from wherry.engine.snapshots.overlay import OverlaySnapshots

__all__ = [
    "CommitOptions",
    "Committed",
    "Diff",
    "ExtractOptions",
    "ExtractResult",
    "Guise",
    "Limits",
    "OverlaySnapshots",
    "Snapshots",
]
