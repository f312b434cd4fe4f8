"""Says which nodes are not to be given pods, or are to lose those they have
(k8s.io/kubernetes pkg/controller/nodelifecycle).

A node that has not renewed its lease for a while is **unknown**. Conditions become taints: ``NoSchedule`` for each that
speaks against new pods, ``NoExecute`` for a node that is not ready or unknown, with the time since when. When no node
is well, none of them is to lose its pods: then it is we who are cut off. Of a zone one node after the other is, and
none of a small zone of which most are ill, but not all (:mod:`.zones`). :mod:`.plan` is pure; :mod:`.controller` acts.
"""
