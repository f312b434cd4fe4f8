"""Who the parts of ``node`` are that are no kubelet: services, names, volumes. They share one identity."""

from wherry.kube.machinery.model import Object
from wherry.kube.pki.model import KUBELET_CLIENT, Identity

NODE_SERVICES = Identity("node-services", "wherry:node-services")
_NAME = "wherry:node-services"
_READ = ["get", "list", "watch"]


def roles() -> list[Object]:
    """What it may do: see what it carries connections and names for, and keep the volumes that it makes."""
    rules = [
        {"apiGroups": [""], "resources": ["services", "endpoints", "nodes", "pods", "namespaces"], "verbs": _READ},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": _READ},
        {"apiGroups": ["storage.k8s.io"], "resources": ["storageclasses"], "verbs": _READ},
        {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": _READ},
        {"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": [*_READ, "create", "update", "delete"]},
        {"apiGroups": [""], "resources": ["services/status"], "verbs": ["update", "patch"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch", "update"]},
    ]
    config = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["kube-dns"], "verbs": _READ}
    api = "rbac.authorization.k8s.io"
    meta = {"name": _NAME, "labels": {"wherry.dev/bootstrapping": "defaults"}}
    return [
        {"apiVersion": f"{api}/v1", "kind": "ClusterRole", "metadata": meta, "rules": rules},
        {
            "apiVersion": f"{api}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": meta,
            "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": _NAME},
            "subjects": [{"kind": "User", "name": NODE_SERVICES.user, "apiGroup": api}],
        },
        {
            "apiVersion": f"{api}/v1",
            "kind": "Role",
            "metadata": {**meta, "namespace": "kube-system"},
            "rules": [config],
        },
        {
            "apiVersion": f"{api}/v1",
            "kind": "RoleBinding",
            "metadata": {**meta, "namespace": "kube-system"},
            "roleRef": {"apiGroup": api, "kind": "Role", "name": _NAME},
            "subjects": [{"kind": "User", "name": NODE_SERVICES.user, "apiGroup": api}],
        },
        {
            "apiVersion": f"{api}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {**meta, "name": "wherry:apiserver-kubelet-client"},
            "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": "system:kubelet-api-admin"},
            "subjects": [{"kind": "User", "name": KUBELET_CLIENT.user, "apiGroup": api}],
        },
    ]
