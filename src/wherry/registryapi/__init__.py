"""The OCI distribution specification 1.1 over HTTP/1.1: what docker, skopeo, podman and others push to and pull from.

What it is: a face of :mod:`wherry.engine.registry`. Requests are taken apart (``paths``, ``ranges``), admitted
(``access``, with ``htpasswd`` or ``tokens``; ``strangers`` keeps the pages of browsers out), answered (``blobs``,
``uploads``, ``manifests``, ``listing``) and refused in the specification's form (``errors``). ``options`` is how a
registry is told where to listen and whom to let in; ``server`` makes it all. What it is not: it stores nothing.

Invariants:

* What a request wants is decided in one table (``app.OPERATIONS``): which rights it needs, whether a read-only registry
  or one without deletion refuses it. No handler decides that for itself.
* A name, tag or digest that is not of the specification's grammar is refused before anything is looked up.
* Blobs go out by sendfile(2) and come in by threads: no byte of them passes through Python.

References to the specification are to https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md.
"""
