"""Probes and hooks: asking a container whether it has started, is ready, is alive; telling it that it has, or will end.

:mod:`.counting` decides, purely; :mod:`.watching` asks when it is due; the others know how to ask. Connections go from
the node to the pod's address, as the kubelet's do. What a pod answers is not trusted: it is read with limits, and
redirects lead nowhere else.
"""
