"""Keeps the pods of a StatefulSet: one an ordinal, each with the name and the volumes of its ordinal
(k8s.io/kubernetes pkg/controller/statefulset).

Invariant: never two pods of one ordinal. They would have the same name, so the API does not let there be two; and the
old one is gone for good before the new one is made, because a pod that is only being deleted may still run.

:mod:`.view` reads pods, :mod:`.identity` makes pods and claims, :mod:`.retention` says whose claims are, :mod:`.plan`
decides, :mod:`.status` counts: all of these are pure. :mod:`.controller` fetches and acts, with :mod:`.control`.
"""
