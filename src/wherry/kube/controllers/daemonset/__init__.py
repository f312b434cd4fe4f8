"""Keeps one pod of a DaemonSet on each node that fits (k8s.io/kubernetes pkg/controller/daemon).

Pods are made with a node affinity that names their node, and bound by the scheduler. :mod:`.fitting` says which nodes
fit, :mod:`.making` makes pods, :mod:`.plan` and :mod:`.rolling` decide, :mod:`.status` counts: all of these are pure.
:mod:`.controller` fetches and acts; :mod:`.nodes` notices which changes of nodes matter, :mod:`.backoff` remembers on
which nodes pods keep failing.
"""
