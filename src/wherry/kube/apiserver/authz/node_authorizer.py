"""What a node may do: its own objects, and what the pods on it need (plugin/pkg/auth/authorizer/node of upstream).

What an authorizer cannot see, the content of what is written, is left to the NodeRestriction admission.
"""

from collections.abc import Callable

from wherry.kube.apiserver.authz.node_graph import NodeGraph
from wherry.kube.apiserver.authz.nodes import node_name
from wherry.kube.apiserver.authz.rbac_index import Rights
from wherry.kube.apiserver.authz.rules import Matcher
from wherry.kube.apiserver.model import Attributes, Decision, Listers, Rule
from wherry.kube.machinery.selectors import parse_fields
from wherry.kube.machinery.status import StatusError

LEASES = "kube-node-lease"
_READ = ("get", "list", "watch")
_OWN = ("get", "create", "update", "patch", "delete")
Answer = str | None
"""None: allowed. Else why not; empty: for no reason worth saying."""
_Check = Callable[["NodeAuthorizer", str, Attributes], Answer]


class NodeAuthorizer:
    """Allows nodes what they need, and has no opinion of anybody else. ``rules`` hold for all nodes alike, where no
    check of this module is stricter (those of the cluster role ``system:node``)."""

    def __init__(self, listers: Listers, rules: tuple[Rule, ...]) -> None:
        self._graph = NodeGraph(listers)
        self._rights = Rights([Matcher.of(rule) for rule in rules], [])

    def authorize(self, attributes: Attributes) -> tuple[Decision, str]:
        node = node_name(attributes.user)
        if node is None:
            return Decision.NO_OPINION, ""
        check = None if attributes.path else _CHECKS.get((attributes.group, attributes.resource))
        if check is None:
            allowed = any(rule.allows_rest(attributes) for rule in self._rights.of_verb(attributes.verb))
            return (Decision.ALLOW if allowed else Decision.NO_OPINION), ""
        answer = check(self, node, attributes)
        return (Decision.ALLOW, "") if answer is None else (Decision.NO_OPINION, answer)

    def related(self, node: str, asked: Attributes) -> Answer:
        """The object has to do with the node."""
        if not asked.name:
            return "No Object name found"
        if self._graph.reaches(node, asked.resource, asked.namespace, asked.name):
            return None
        return f"no relationship found between node '{node}' and this object"


def _read(self: NodeAuthorizer, node: str, asked: Attributes) -> Answer:
    if asked.verb not in _READ:
        return "can only read resources of this type"
    if asked.subresource:
        return "cannot read subresource"
    if not asked.namespace:
        return "can only read namespaced object of this type"
    return self.related(node, asked)


def _get(self: NodeAuthorizer, node: str, asked: Attributes) -> Answer:
    if asked.verb != "get":
        return "can only get individual resources of this type"
    if asked.subresource:
        return "cannot get subresource"
    return self.related(node, asked)


def _claim(self: NodeAuthorizer, node: str, asked: Attributes) -> Answer:
    if asked.subresource != "status":
        return _get(self, node, asked)
    if asked.verb not in ("update", "patch"):
        return "can only get/update/patch this type"
    return self.related(node, asked)


def _service_account(self: NodeAuthorizer, node: str, asked: Attributes) -> Answer:
    """Tokens for pods of the node, and the account itself, which image credentials need."""
    if asked.verb == "get" and not asked.subresource:
        return self.related(node, asked)
    if asked.verb != "create" or not asked.name:
        return "can only create tokens for individual service accounts"
    if asked.subresource != "token":
        return "can only create token subresource of serviceaccount"
    return self.related(node, asked)


def _lease(self: NodeAuthorizer, node: str, asked: Attributes) -> Answer:
    if asked.verb not in _OWN:
        return "can only get, create, update, patch, or delete a node lease"
    if asked.namespace != LEASES:
        return f'can only access leases in the "{LEASES}" system namespace'
    if asked.verb != "create" and asked.name != node:
        return "can only access node lease with the same name as the requesting node"
    return None


def _csi_node(self: NodeAuthorizer, node: str, asked: Attributes) -> Answer:
    if asked.verb not in _OWN:
        return "can only get, create, update, patch, or delete a CSINode"
    if asked.subresource:
        return "cannot authorize CSINode subresources"
    if asked.verb != "create" and asked.name != node:
        return "can only access CSINode with the same name as the requesting node"
    return None


def _slice(self: NodeAuthorizer, node: str, asked: Attributes) -> Answer:
    if asked.subresource:
        return "cannot authorize ResourceSlice subresources"
    if asked.verb == "create":
        return None
    if asked.verb in ("get", "update", "patch", "delete"):
        return self.related(node, asked)
    if asked.verb in ("watch", "list", "deletecollection"):
        if _selects(asked, "spec.nodeName", node):
            return None
        return "can only list/watch/deletecollection resourceslices with nodeName field selector"
    verbs = "get, watch, list, create, update, patch, delete, deletecollection"
    return f"only the following verbs are allowed for a ResourceSlice: {verbs}"


def _certificate_request(self: NodeAuthorizer, node: str, asked: Attributes) -> Answer:
    if asked.subresource:
        return "nodes may not access subresources of podcertificaterequests"
    if asked.verb == "create":
        return None
    if asked.verb == "get":
        return self.related(node, asked)
    if asked.verb in ("list", "watch"):
        if _selects(asked, "spec.nodeName", node):
            return None
        return "can only list/watch podcertificaterequests with spec.nodeName field selector"
    return f"nodes may not {asked.verb} podcertificaterequests"


def _node(self: NodeAuthorizer, node: str, asked: Attributes) -> Answer:
    if asked.subresource == "status":
        return None if asked.verb in ("update", "patch") else ""
    if asked.subresource:
        return ""
    if asked.verb in ("create", "update", "patch"):
        return None
    if asked.verb not in _READ:
        return ""
    if asked.name == node:
        return None
    if not asked.name:
        return f"node '{node}' cannot read all nodes, only its own Node object"
    return f"node '{node}' cannot read '{asked.name}', only its own Node object"


def _pod(self: NodeAuthorizer, node: str, asked: Attributes) -> Answer:
    if asked.subresource:
        written = {"status": ("update", "patch"), "eviction": ("create",)}.get(asked.subresource, ())
        return None if asked.verb in written else ""
    if asked.verb == "get":
        return self.related(node, asked)
    if asked.verb in ("create", "delete"):
        return None
    if asked.verb not in ("list", "watch"):
        return ""
    if _selects(asked, "spec.nodeName", node):
        return None
    return self.related(node, asked) if asked.name else "can only list/watch pods with spec.nodeName field selector"


def _selects(asked: Attributes, field: str, value: str) -> bool:
    """The field selector lets only objects through whose field has that value."""
    if not asked.field_selector:
        return False
    try:
        return parse_fields(asked.field_selector).requires(field) == value
    except StatusError:
        return False


_CHECKS: dict[tuple[str, str], _Check] = {
    ("", "secrets"): _read,
    ("", "configmaps"): _read,
    ("", "persistentvolumeclaims"): _claim,
    ("", "persistentvolumes"): _get,
    ("resource.k8s.io", "resourceclaims"): _get,
    ("storage.k8s.io", "volumeattachments"): _get,
    ("", "serviceaccounts"): _service_account,
    ("coordination.k8s.io", "leases"): _lease,
    ("storage.k8s.io", "csinodes"): _csi_node,
    ("resource.k8s.io", "resourceslices"): _slice,
    ("certificates.k8s.io", "podcertificaterequests"): _certificate_request,
    ("", "nodes"): _node,
    ("", "pods"): _pod,
}
