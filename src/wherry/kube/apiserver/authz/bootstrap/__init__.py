"""The roles and bindings that every cluster begins with (upstream's plugin/pkg/auth/authorizer/rbac/bootstrappolicy).

They are facts, written down in tables (:mod:`.table` reads them): :mod:`.roles` for users and components,
:mod:`.controllers` for controllers, :mod:`.bindings` who has them. :mod:`.reconcile` says what a start changes in a
cluster that has them already. Nothing here writes.
"""

import functools

from wherry.kube.apiserver.model import Rule
from wherry.kube.machinery.model import Object


@functools.cache
def defaults() -> tuple[Object, ...]:
    """All of them as objects, roles before bindings: ClusterRoles, ClusterRoleBindings, and the Roles and RoleBindings
    of kube-system and kube-public. Shared: do not change them."""
    from wherry.kube.apiserver.authz.bootstrap import bindings, roles

    return (*roles.cluster_roles(), *bindings.cluster_role_bindings(), *bindings.of_namespaces())


def node_rules() -> tuple[Rule, ...]:
    """What every node may do: the rules of ``system:node``, which the node authorizer applies."""
    from wherry.kube.apiserver.authz.bootstrap import roles, table

    return tuple(table.rules(roles.TABLE)["system:node"])
