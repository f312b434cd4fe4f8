"""Blobs by their digest: what images are made of, exactly as it came.

What it is: an OCI image layout on disk (image-spec 1.1, image-layout.md), so ``skopeo inspect oci:DIR`` reads it.
What it is not: it knows no names, tags or containers (``engine.images`` does) and extracts nothing
(``engine.snapshots`` does).

On disk::

    content/
      oci-layout              {"imageLayoutVersion": "1.0.0"}
      index.json              the tagged manifests: a projection of the image rows, rewritten on change, never read
      blobs/<algorithm>/<hex> a blob; present means complete, verified and (file and directory) fsynced
      ingest/<name>/data      bytes received so far of a blob not yet complete
      ingest/<name>/ref       the caller's name of it, when it can be resumed

Invariants: a file below ``blobs`` never changes; its name is the digest of its bytes, computed while they were written.
A blob appears by one rename of a complete file in the same file system. After a crash, :meth:`ContentStore.recover`
removes what was being written without a ref; what has a ref goes on where it stopped.

Who may delete: :meth:`ContentStore.gc` sweeps what no root reaches and nobody holds (``engine.images.holds``).
"""

from wherry.engine.content.ingest import Ingest
from wherry.engine.content.reader import BlobReader, Corrupt
from wherry.engine.content.space import Full
from wherry.engine.content.store import ContentStore

__all__ = ["BlobReader", "ContentStore", "Corrupt", "Full", "Ingest"]
