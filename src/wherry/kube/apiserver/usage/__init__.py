"""metrics.k8s.io: what nodes and pods use now, for ``kubectl top`` and autoscalers.

The server asks every node now and then (:mod:`.collecting`), makes rates of what it says (:mod:`.rates`) and keeps
objects of two kinds (:mod:`.kinds`) in its memory, beside those of the store: reading them is the same code. They are
not in the store, and cannot be watched or written.
"""
