"""Network policies (networking.k8s.io/v1): which packets pods may get and send.

A pod that a policy selects for a direction gets only what one of its policies allows there; the others get everything.
Pods with the same policies share a chain; who is allowed is in sets that change as pods come and go. Rules see packets
as they are forwarded: behind the translation of services, before any masquerade. What the node itself sends is not
forwarded, so probes always arrive, and a pod always reaches its own node (upstream's concepts page says both), except
for what the node serves in place of other pods: :mod:`.standins`.

A policy that is deleted together with its namespace holds as long as a pod of that namespace is here (CVE-2024-7598):
:mod:`.memory`.
"""
