"""``Role``: rights in one namespace, for bindings to give away."""

from functools import cache

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind, Strategy
from wherry.kube.kinds.role.columns import COLUMNS, cells


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.role.strategy import RoleStrategy

    return RoleStrategy()


KIND = Kind(
    "rbac.authorization.k8s.io",
    "Role",
    "roles",
    versions("rbac.authorization.k8s.io", "Role", "v1"),
    "v1",
    _strategy,
    has_status=False,
    singular="role",
    columns=COLUMNS,
    cells=cells,
    name_is_free=True,
)
