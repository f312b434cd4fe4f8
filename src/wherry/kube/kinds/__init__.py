"""The built-in kinds: one folder a kind, and one line of the list in :mod:`wherry.kube.kinds.every`.

:mod:`wherry.kube.kinds.model` says what a kind is made of. A custom resource definition is turned into the same.
"""
