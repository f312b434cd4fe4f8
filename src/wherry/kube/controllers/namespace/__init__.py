"""Namespaces that end: everything in them is deleted, pods first, then the namespace itself
(k8s.io/kubernetes pkg/controller/namespace).

Pods go before all else (CVE-2024-7598, KEP-5080): as long as one runs, the network policies and secrets that it lives
by are there. ``status.conditions`` tell what still stands in the way. :mod:`.conditions` is pure; :mod:`.controller`
acts.
"""
