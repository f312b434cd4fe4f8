"""What the controllers of workloads share: whose a pod is, what state it is in, making and deleting pods.

A workload **controls** an object when the object has an owner reference to its uid with ``controller: true``; an object
that nobody controls is an **orphan**. A workload *adopts* orphans that its selector finds, and *releases* what it
controls and no longer finds (k8s.io/kubernetes pkg/controller/controller_ref_manager.go). It is *not* here what decides
how many pods there should be.

Invariant: nothing is decided from a state that lacks this process's own writes (:mod:`.expectations`).
"""
