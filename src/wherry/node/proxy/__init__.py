"""Services and network policies in the kernel: packets to a service reach one of its pods, and pods only what may.

``plan`` and ``policies`` are pure: from API objects to what has to be in nftables; ``state`` keeps what follows from
which service, so that one change costs the same whether there are ten services or ten thousand; ``apply`` puts
differences into the kernel, each in one transaction; ``proxy`` watches, decides when to look, and is what the agent
talks to.

In the kernel, one table ``wherry-NAME-services`` beside the engine's (family inet, and one of family bridge)::

    inet
      prerouting   nat, -90     from the bridge: inside; from elsewhere: outside
      output       nat, -90     the node's own: inside
        inside     cluster addresses, external addresses, node ports        -> one of the endpoints
        outside    external addresses, node ports (of local endpoints only, where the service says so)
      sources, own-sources      filter, -110: loadBalancerSourceRanges
      arriving, leaving         filter, -80: services without endpoints are refused
      forward      filter, -10  policies
      answered     filter, -10  policies, of what pods ask of the node in place of other pods (names, the API)
      postrouting  nat, 90      masquerade what comes by external addresses and node ports (unless those lead to local
                                endpoints only), what comes from outside and goes elsewhere, a pod that reaches itself
    bridge
      prerouting   IPv4 and IPv6 frames from one port to another are routed, not switched

**Maps hold data, not verdicts.** An endpoint is found by ``address . protocol . port . numgen random mod N offset M``
in one map: a chain has one rule for each N in use, whatever the number of services, and M tells the sizes apart, so a
service is found by the rule of its own size alone. A map of verdicts would make the kernel check all its elements at
each change (measured on Linux 6.18: 0.2 ms with 10 services, 0.5 ms with 5,000; with data 0.12 ms for both).

**Everything is routed.** Two pods of one bridge would talk past the rules of family inet (unless the machine has
br_netfilter switched on), and the answer of a pod would reach another one past the address translation. The table of
family bridge therefore hands every unicast frame to the node's own IP stack.

**What is not served**: 127.0.0.1:NODEPORT (``route_localnet`` stays off, CVE-2020-8558). Cluster addresses are for pods
of this node and for the node; who sends from elsewhere gets no translation. Several instances may have the same range
of cluster addresses: their pods are told apart by the bridge, and the node's own packets go to whose table is older.

**What survives what.** Rules are the kernel's: they go on while no process of Wherry lives. A start replaces both
tables in one transaction, when everything has been listed; not before. If somebody flushes them they are made anew at
once. If the kernel refuses a change, everything stays as it was and all of it is made anew, until that works; pods do
not start before the rules they need are there.
"""
