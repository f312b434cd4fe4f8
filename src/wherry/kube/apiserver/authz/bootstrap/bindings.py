"""Who has the default roles, and what is there in kube-system and kube-public."""

from wherry.kube.apiserver.authz.bootstrap import controllers, table
from wherry.kube.apiserver.authz.bootstrap.roles import document, metadata
from wherry.kube.apiserver.authz.rules import to_object
from wherry.kube.machinery.model import Object

_GROUP = "rbac.authorization.k8s.io"
ADMINS = "kubeadm:cluster-admins"
"""Who has it is bound to cluster-admin, which can be taken back, unlike ``system:masters`` (kubeadm's admin.conf)."""

_CLUSTER = {
    "cluster-admin": "Group:system:masters",
    "system:monitoring": "Group:system:monitoring",
    "system:discovery": "Group:system:authenticated",
    "system:basic-user": "Group:system:authenticated",
    "system:public-info-viewer": "Group:system:authenticated Group:system:unauthenticated",
    "system:node-proxier": "User:system:kube-proxy",
    "system:kube-controller-manager": "User:system:kube-controller-manager",
    "system:kube-dns": "ServiceAccount:kube-dns",
    "system:kube-scheduler": "User:system:kube-scheduler",
    "system:volume-scheduler": "User:system:kube-scheduler",
    "system:node": "",
    "system:service-account-issuer-discovery": "Group:system:serviceaccounts",
    "system:cluster-trust-bundle-discovery": "Group:system:serviceaccounts",
}
"""Binding and cluster role have one name. Service accounts are of kube-system."""

_NAMESPACES = {
    "kube-public": """\
system:controller:bootstrap-signer
    READ: configmaps
    update: configmaps #cluster-info
    EVENTS
""",
    "kube-system": """\
extension-apiserver-authentication-reader
    READ: configmaps #extension-apiserver-authentication
system::leader-locking-kube-controller-manager
    watch: configmaps
    get update: configmaps #kube-controller-manager
    create get list update watch: leases @coordination.k8s.io
    create get list update watch: leasecandidates @coordination.k8s.io
system::leader-locking-kube-scheduler
    watch: configmaps
    get update: configmaps #kube-scheduler
    create get list update watch: leases @coordination.k8s.io
    create get list update watch: leasecandidates @coordination.k8s.io
system:controller:bootstrap-signer
    READ: secrets
system:controller:cloud-provider
    create get list watch: configmaps
system:controller:token-cleaner
    delete get list watch: secrets
    EVENTS
""",
}

_LOCAL = (
    ("kube-public", "system:controller:bootstrap-signer", "", "ServiceAccount:bootstrap-signer"),
    (
        "kube-system",
        "system::extension-apiserver-authentication-reader",
        "extension-apiserver-authentication-reader",
        "User:system:kube-controller-manager User:system:kube-scheduler",
    ),
    (
        "kube-system",
        "system::leader-locking-kube-controller-manager",
        "",
        "User:system:kube-controller-manager ServiceAccount:kube-controller-manager",
    ),
    (
        "kube-system",
        "system::leader-locking-kube-scheduler",
        "",
        "User:system:kube-scheduler ServiceAccount:kube-scheduler",
    ),
    ("kube-system", "system:controller:bootstrap-signer", "", "ServiceAccount:bootstrap-signer"),
    ("kube-system", "system:controller:cloud-provider", "", "ServiceAccount:cloud-provider"),
    ("kube-system", "system:controller:token-cleaner", "", "ServiceAccount:token-cleaner"),
)
"""Namespace, binding, role (empty: called like the binding), subjects."""


def cluster_role_bindings() -> list[Object]:
    """Upstream's, a controller's each, and kubeadm's of :data:`ADMINS`."""
    found = [_binding(name, "", ("ClusterRole", name), subjects) for name, subjects in _CLUSTER.items()]
    for name in table.rules(controllers.TABLE):
        account = "ServiceAccount:" + name.removeprefix(controllers.PREFIX)
        found.append(_binding(name, "", ("ClusterRole", name), account))
    found.append(_binding(ADMINS, "", ("ClusterRole", "cluster-admin"), f"Group:{ADMINS}"))
    return found


def of_namespaces() -> list[Object]:
    """The Roles and RoleBindings of kube-public and kube-system."""
    found = []
    for namespace, text in _NAMESPACES.items():
        for name, rules in table.rules(text).items():
            shown = [to_object(each) for each in rules]
            found.append(document("Role", metadata(name, namespace), rules=shown))
    for namespace, name, role, subjects in _LOCAL:
        found.append(_binding(name, namespace, ("Role", role or name), subjects))
    return found


def _binding(name: str, namespace: str, role: tuple[str, str], subjects: str) -> Object:
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    reference = {"apiGroup": _GROUP, "kind": role[0], "name": role[1]}
    made = document(kind, metadata(name, namespace), roleRef=reference)
    if subjects:
        made["subjects"] = [_subject(each) for each in subjects.split()]
    return made


def _subject(word: str) -> Object:
    kind, _, name = word.partition(":")
    if kind == "ServiceAccount":
        return {"kind": kind, "name": name, "namespace": "kube-system"}
    return {"kind": kind, "apiGroup": _GROUP, "name": name}
