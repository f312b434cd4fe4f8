"""Images from and to registries: the client side of the OCI distribution specification 1.1 and of Docker's registries.

What it is: pull, push, login, search, referrers. Which servers stand for a registry (``endpoints``), how one is talked
to (``connection``, ``authorizer``), what it has (``repository``), how blobs arrive (``arrivals``, ``downloads``) and
leave (``uploads``), and the two operations made of it (``pull``, ``push``).
What it is not: it stores nothing itself (``engine.content`` and ``engine.images`` do) and reads no user's
configuration: credentials come with each request.

Invariants

* A registry is believed only as far as digests go. A manifest is what its digest says, a blob what its descriptor says,
  a layer what the configuration says; else the pull fails and nothing of it is there.
* Credentials go to the registry they were given for: by scheme, host and port. Not to where it redirects, not to where
  it says that an upload goes on, not to a mirror. To the token server it names only by https, or when that is the
  registry itself. What a layer's ``urls`` say is not looked at.
* What arrived of a blob before a connection, a pull or the machine broke stays in the content store as a resumable
  ingest; blobs become visible when all of an image has arrived and its layers are extracted.
"""
