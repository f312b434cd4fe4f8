"""Images: what they are called, what they are made of, and how they come and go.

An image is a configuration (whose digest is its id), a manifest, and layers. Its blobs are in ``engine.content``, its
extracted layers in ``engine.snapshots``, its names and the rest in the database (``rows``).

What it is not: it starts nothing, speaks no HTTP, and knows containers only as a question ("who uses this image?").

Invariants

* A row is written last and deleted first: what has a row is whole. Everything else on disk is rubbish, removed when the
  operation that made it ends (``sweep``), or at the next start (:meth:`Images.recover`).
* The bytes of a configuration and of a manifest never change. A manifest that came with an image is kept with exactly
  the blobs it names; layers that came without one are compressed and get one (``layers``).
* Whatever comes from outside is believed only after its digest was computed here: blobs against their descriptors,
  layers against the configuration's diff ids.
"""

from wherry.engine.images.images import Images
from wherry.engine.images.model import HistoryEntry, Image, ImageUse
from wherry.engine.images.remover import InUse, Pruned

__all__ = ["HistoryEntry", "Image", "ImageUse", "Images", "InUse", "Pruned"]
