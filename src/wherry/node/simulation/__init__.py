"""``wherry simulate``: thousands of nodes that run nothing, in one process, on the API of a real cluster.

Each node is a whole agent of :mod:`wherry.node.pods.simulated`; here they are begun, counted and put away together. It
is **not** part of a cluster: it talks to the API as its administrator, over HTTPS, and can be anywhere.

Invariants: there is one watch a kind, however many nodes there are (:mod:`.simulation`); what keeps nodes alive does
not wait behind what pods write (:mod:`.lanes`); a node that it has not made, by the annotation, and pods on that are
never touched. Nothing is kept on disk: whoever is started next takes nodes and pods over as the API has them.
"""
