"""``ClusterRoleBinding``: gives the rights of a cluster role to somebody everywhere."""

from functools import cache

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind, Strategy
from wherry.kube.kinds.rolebinding.columns import cells, columns


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.rolebinding.strategy import RoleBindingStrategy

    return RoleBindingStrategy(is_namespaced=False)


KIND = Kind(
    "rbac.authorization.k8s.io",
    "ClusterRoleBinding",
    "clusterrolebindings",
    versions("rbac.authorization.k8s.io", "ClusterRoleBinding", "v1"),
    "v1",
    _strategy,
    has_status=False,
    namespaced=False,
    singular="clusterrolebinding",
    columns=columns("clusterRoleBinding"),
    cells=cells,
    name_is_free=True,
)
