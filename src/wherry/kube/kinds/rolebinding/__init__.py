"""``RoleBinding``: gives the rights of a role, or of a cluster role, to somebody in one namespace."""

from functools import cache

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind, Strategy
from wherry.kube.kinds.rolebinding.columns import cells, columns


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.rolebinding.strategy import RoleBindingStrategy

    return RoleBindingStrategy(is_namespaced=True)


KIND = Kind(
    "rbac.authorization.k8s.io",
    "RoleBinding",
    "rolebindings",
    versions("rbac.authorization.k8s.io", "RoleBinding", "v1"),
    "v1",
    _strategy,
    has_status=False,
    singular="rolebinding",
    columns=columns("roleBinding"),
    cells=cells,
    name_is_free=True,
)
