"""The authorizers of a server, put together."""

import msgspec

from wherry.kube.apiserver.authz.bootstrap import node_rules
from wherry.kube.apiserver.authz.escalation import EscalationCheck
from wherry.kube.apiserver.authz.node_authorizer import NodeAuthorizer
from wherry.kube.apiserver.authz.nodes import NODES
from wherry.kube.apiserver.authz.rbac import Rbac
from wherry.kube.apiserver.authz.union import Superusers, Union
from wherry.kube.apiserver.model import MASTERS, Authorizer, Listers, User
from wherry.kube.apiserver.requestinfo import RequestInfo


class Authorization(msgspec.Struct, frozen=True):
    """``rbac`` also says what somebody may do at all; ``escalation`` is for the end of admission."""

    authorizer: Authorizer
    rbac: Rbac
    escalation: EscalationCheck

    def grants(self, user: User, info: RequestInfo) -> bool:
        """Whether it is known already that the authorizer allows it; False says nothing: ask it. Nobody denies what
        another one allows, so it does not matter who comes first. Nodes have next to nothing by roles."""
        groups = user.groups
        return MASTERS in groups or (NODES not in groups and self.rbac.grants(user, info))


def standard(listers: Listers) -> Authorization:
    """Superusers, then Node, then RBAC, as upstream's ``--authorization-mode=Node,RBAC``."""
    rbac = Rbac(listers)
    authorizer = Union([Superusers(), NodeAuthorizer(listers, node_rules()), rbac])
    return Authorization(authorizer, rbac, EscalationCheck(rbac, authorizer))
