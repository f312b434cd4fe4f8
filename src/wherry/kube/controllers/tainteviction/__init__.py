"""Ends pods that do not tolerate a ``NoExecute`` taint of their node, at once or when their toleration runs out
(k8s.io/kubernetes pkg/controller/tainteviction). :mod:`.plan` is pure; :mod:`.controller` acts.
"""
