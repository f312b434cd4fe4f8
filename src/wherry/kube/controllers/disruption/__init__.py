"""Says how many pods of a PodDisruptionBudget may be evicted now (k8s.io/kubernetes pkg/controller/disruption).

:mod:`.plan` counts, purely; :mod:`.controller` finds how many pods ought to be there, by the scale of their owners.
"""
