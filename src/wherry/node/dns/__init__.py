"""Names of the cluster (the Kubernetes DNS specification, 1.1), and every other name by asking the node's own servers.

One server a node, for the pods and the node itself: it listens at the bridge's own address, and the proxy leads packets
to the cluster's DNS address there (:attr:`wherry.node.proxy.model.Node.stand_ins`), so that no address has to be bound
twice, several instances do not meet, and a restart finds everything as it was.

``message`` is the wire format, ``names`` and ``records`` what is in it, ``zone`` the cluster's names (pure, on the
objects that informers hold), ``forward`` asks others (``exchange`` one of them, ``cache`` remembers), ``resolver`` puts
the two together, ``server`` listens, ``dns`` is what somebody runs.

It is not a recursive resolver, and signs and validates nothing.

Why an own wire format: measured on Python 3.11, reading a query and writing an answer of one address takes 21 µs here;
with dnslib 0.9.26 it takes 108 µs, with dnspython 2.9 252 µs and 80 ms more to import. What is needed of it is small.

Rules: a name below the cluster's domain is never asked of anybody else, nor is the address of a service or a pod.
Answers of others are believed when they come from the server that was asked, to the random port it was asked from, with
the random number and the question of the query; no such answer is kept for longer than five minutes. Questions that are
the same are asked once, however many want to know: were an upstream to lead back here, each question would go around
once. All that waits or is remembered is bounded.
"""
