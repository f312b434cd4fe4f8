"""The storage of a registry (OCI distribution-spec 1.1): repositories over the content store.

What it is: rows that say which repository has which blobs, manifests, tags and uploads. The bytes are in the content
store, each once, whoever has them: other repositories, and beside an engine its images, which are served too
(``familiar``) without a copy. What it is not: it speaks no HTTP and knows no users (``registryapi`` does), and it
extracts nothing: an image that is pushed here becomes the engine's when it is pulled.

Invariants:

* A repository has what there is a row for, and nothing else: neither a blob that only the content store has nor one of
  another repository can be read, mounted or referred to by it.
* When a manifest is accepted, everything it refers to is in the repository, in the sizes it says. Deletion of blobs and
  manifests by clients may break that, as in every registry; the collector does not.
* Rows are written when the bytes are on the disk, and durably: what was acknowledged survives a loss of power.
* A push under way is never collected (``collector``).

On disk: tables ``registry_*`` in the database; ``ingest/`` of the content store for uploads (``uploads``).
"""
