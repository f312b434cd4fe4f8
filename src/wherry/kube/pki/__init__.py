"""The cluster's own authority and what it vouches for.

It is not a service: others ask :mod:`.directory` for a directory that is complete and up to date, and get a
:class:`~wherry.kube.pki.model.Pki`. All keys are ECDSA P-256, which are made in a fraction of a millisecond.

On disk, below the directory (all files 0600)::

    ca.pem                  the authority: private key and certificate; valid for 10 years
    ca.crt                  its certificate alone, for whoever is to trust it
    NAME.pem                a key and its certificate: apiserver (serving), admin, super-admin, controller-manager,
                            scheduler, node-NODE …; valid for a year, made anew in its last third
    service-accounts/ID.pem a key that signs tokens: private and public part; the newest (highest ID) signs
    service-accounts/ID.pub a key that only verifies any more: the public part of a retired one

Invariants: a key and its certificate are one file, so no crash can leave half a pair; a file appears by one rename.
Whatever is missing, expires soon, or was issued by another authority is made anew at the next start, but for
``ca.pem``: a damaged authority is an error, since everybody trusts it.

Imports: :mod:`cryptography` is loaded only where something is made. A start that finds everything in place reads
certificates by :mod:`.der`.
"""
