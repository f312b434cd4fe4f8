"""The authorizers of a server, put together."""

import msgspec

from wherry.kube.apiserver.authz.bootstrap import node_rules
from wherry.kube.apiserver.authz.escalation import EscalationCheck
from wherry.kube.apiserver.authz.node_authorizer import NodeAuthorizer
from wherry.kube.apiserver.authz.rbac import Rbac
from wherry.kube.apiserver.authz.union import Superusers, Union
from wherry.kube.apiserver.model import Authorizer, Listers


class Authorization(msgspec.Struct, frozen=True):
    """``rbac`` also says what somebody may do at all; ``escalation`` is for the end of admission."""

    authorizer: Authorizer
    rbac: Rbac
    escalation: EscalationCheck


def standard(listers: Listers) -> Authorization:
    """Superusers, then Node, then RBAC, as upstream's ``--authorization-mode=Node,RBAC``."""
    rbac = Rbac(listers)
    authorizer = Union([Superusers(), NodeAuthorizer(listers, node_rules()), rbac])
    return Authorization(authorizer, rbac, EscalationCheck(rbac, authorizer))
