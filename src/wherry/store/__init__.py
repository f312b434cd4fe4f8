"""Revisions and watches over bytes: the cluster's state.

Keys are texts, ordered by their UTF-8 bytes; values are bytes. Every commit that changes something gets the next
revision: one number for the whole store, never given twice, not even after a crash. :mod:`wherry.store.model` is the
contract, words defined; ``memory``, ``sqlite`` and ``etcd`` keep it, and ``tests/suites/store.py`` holds all to it.
``history``, ``replay`` and ``checker`` find out whether a store kept it while it was killed, starved or cut off.

What it is not: it knows no Kubernetes; what a value means is its user's.
"""
