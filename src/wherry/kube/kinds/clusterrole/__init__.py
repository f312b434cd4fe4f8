"""``ClusterRole``: rights everywhere, or, bound by a RoleBinding, in one namespace; also put together of others."""

from functools import cache

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind, Strategy
from wherry.kube.kinds.role.columns import COLUMNS, cells


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.clusterrole.strategy import ClusterRoleStrategy

    return ClusterRoleStrategy()


KIND = Kind(
    "rbac.authorization.k8s.io",
    "ClusterRole",
    "clusterroles",
    versions("rbac.authorization.k8s.io", "ClusterRole", "v1"),
    "v1",
    _strategy,
    has_status=False,
    namespaced=False,
    singular="clusterrole",
    columns=COLUMNS,
    cells=cells,
    name_is_free=True,
)
