"""The node: what acts on a machine for the cluster.

``pods`` is the agent (the kubelet's job), ``runtime`` what runs its pods on the engine, ``api`` the kubelet's own API,
``proxy`` the rules that carry services and network policies, ``dns`` their names. It talks to the cluster through a
:class:`wherry.kube.client.model.Client` only, and to the engine in this process.
"""
