"""From a pod object to what the runtime is asked for: sandboxes, containers, their environment, limits and rights.

Pure functions: what they need of the cluster and of the machine is given to them. NotFound and Invalid say why a pod
cannot run as it is written, in the kubelet's words.
"""
