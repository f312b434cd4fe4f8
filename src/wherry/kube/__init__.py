"""The Kubernetes half: API machinery, kinds, server, client, controllers, scheduler.

It decides and serves; it never touches a machine: what acts on one is in :mod:`wherry.node`.
"""
