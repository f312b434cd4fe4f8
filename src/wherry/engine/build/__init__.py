"""Building images from Dockerfiles. The language itself, pure, is ``engine.dockerfile``.

``builds`` is the service. It parses and plans (``planning``), builds the needed stages beside each other (``stage``),
each instruction after the other (``runstep``, ``copystep``, ``addstep``), and makes an image of the last
(``exporting``).

Invariants, and where they are kept:

* A step is found again by the digest of all that went into it, and by nothing else (``cache``): not because an image
  that nobody named says so (``inline``, ``exchange``), and not when files of a context changed while they were read
  (``stepping``).
* A program of a RUN is a container's (``containers.steps``): its user namespace, its filter, no more rights than asked
  for and allowed (``runstep``). Secrets, agents and scripts are mounts in memory that no layer has.
* Every path of a Dockerfile, a context, an archive, an image or a repository is resolved with its own tree as the root
  (``tree``, ``writing``, ``mounts``, ``unpack``, ``git``): no link leads out.
* What a build has made and nobody owns goes with it (``images.sweep``); what a crash left goes at the next start.

On disk: rows ``build_layers``, which own blobs and layers, and ``build_facts`` in the database; ``tmp/build-…`` while a
build is under way; the volumes ``buildcache-…`` of cache mounts.
"""
