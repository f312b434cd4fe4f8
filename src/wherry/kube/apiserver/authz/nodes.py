"""Who is a node."""

from wherry.kube.apiserver.model import User

NODES = "system:nodes"
PREFIX = "system:node:"


def node_name(user: User) -> str | None:
    """The name of the node that asks; None: no node asks.

    A node is in the group ``system:nodes`` and is called ``system:node:NAME`` (k8s.io/kubernetes
    pkg/auth/nodeidentifier). A user in the group with another name is no node and gets nothing by it.
    """
    if NODES not in user.groups or not user.name.startswith(PREFIX):
        return None
    return user.name[len(PREFIX) :] or None
