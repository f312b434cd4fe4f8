"""Keeps as many pods of one template as a ReplicaSet says (k8s.io/kubernetes pkg/controller/replicaset).

ReplicationControllers are the same thing with an older face: the controller is made with what differs (:class:`.Face`).
:mod:`.plan` and :mod:`.status` are pure; :mod:`.controller` fetches and acts.
"""
