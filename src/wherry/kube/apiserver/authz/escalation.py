"""Nobody gives rights away that they do not have (upstream's pkg/registry/rbac/*/policybased).

Who writes a role must hold every right in it, or the verb ``escalate`` on it; who writes a binding every right in the
role it refers to, or ``bind`` on that. An aggregated cluster role can take in anything later: that needs everything.
"""

from wherry.kube.apiserver.authz import rules
from wherry.kube.apiserver.authz.rbac import Rbac, aggregated
from wherry.kube.apiserver.authz.rbac_index import CLUSTER_ROLES, GROUP, ROLES
from wherry.kube.apiserver.model import (
    MASTERS,
    AdmissionRequest,
    Attributes,
    Authorizer,
    Decision,
    Operation,
    Rule,
    User,
)
from wherry.kube.apiserver.quoting import quoted, quoted_list
from wherry.kube.machinery import status
from wherry.kube.machinery.model import GroupResource, Object

_OF_COLLECTOR = ("ownerReferences", "finalizers", "managedFields", "resourceVersion")
"""Metadata whose change alone gives nobody rights: the garbage collector must be able to."""
_MOST_TOLD = 1000
"""Rights that somebody lacks, of one verb each. (Upstream tells all.)"""
_ROLE_KINDS = {"Role": ROLES, "ClusterRole": CLUSTER_ROLES}


class EscalationCheck:
    """An admission plugin: looks at writes of the four RBAC kinds, and at nothing else."""

    name = "RBACEscalation"

    def __init__(self, rbac: Rbac, authorizer: Authorizer) -> None:
        self._rbac = rbac
        self._authorizer = authorizer

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        """Writes of RBAC's kinds."""
        return resource.group == "rbac.authorization.k8s.io" and operation in (Operation.CREATE, Operation.UPDATE)

    async def admit(self, request: AdmissionRequest) -> None:
        """Changes nothing."""

    async def validate(self, request: AdmissionRequest) -> None:
        """Raises StatusError 403, or 404 when a binding's role cannot be looked into."""
        if request.resource.group != GROUP or request.operation not in (Operation.CREATE, Operation.UPDATE):
            return
        if request.object is None or MASTERS in request.user.groups:
            return
        if request.old is not None and _without_collector(request.object) == _without_collector(request.old):
            return
        if request.resource in _ROLE_KINDS.values():
            self._check_role(request, request.object)
        else:
            self._check_binding(request, request.object)

    def _check_role(self, request: AdmissionRequest, role: Object) -> None:
        name = "" if request.operation is Operation.CREATE else request.name
        if self._may(Attributes(request.user, "escalate", GROUP, resource=request.resource.resource,
                                namespace=request.namespace, name=name)):  # fmt: skip
            return
        self._confirm(request, rules.rules_of(role))
        aggregates = role.get("aggregationRule") or (request.old or {}).get("aggregationRule")
        if aggregates and self._lacking(request.user, request.namespace, rules.FULL_AUTHORITY):
            raise _refusal(request, "must have cluster-admin privileges to use the aggregationRule")

    def _check_binding(self, request: AdmissionRequest, binding: Object) -> None:
        reference = binding.get("roleRef") or {}
        kind, name = reference.get("kind", ""), reference.get("name", "")
        resource = _ROLE_KINDS.get(kind)
        if resource is None:
            return  # refused by validation: it gives nothing
        namespace = request.namespace
        group = reference.get("apiGroup", GROUP)
        if self._may(Attributes(request.user, "bind", group, resource=resource.resource,
                                namespace=namespace, name=name)):  # fmt: skip
            return
        found = self._rbac.index.role(kind, name, namespace if kind == "Role" else "")
        if found is None:
            raise status.not_found(resource, name)
        self._confirm(request, found)

    def _may(self, attributes: Attributes) -> bool:
        return self._authorizer.authorize(attributes)[0] is Decision.ALLOW

    def _lacking(self, user: User, namespace: str, wanted: tuple[Rule, ...]) -> list[Rule]:
        return rules.missing(self._rbac.rules_for(user, namespace)[0], wanted, _MOST_TOLD)

    def _confirm(self, request: AdmissionRequest, wanted: tuple[Rule, ...]) -> None:
        lacking = self._lacking(request.user, request.namespace, wanted)
        if not lacking:
            return
        said = escalation(request.user, lacking)
        if errors := self._rbac.rules_for(request.user, request.namespace)[1]:
            said += f"; resolution errors: {aggregated(errors)}"
        raise _refusal(request, said)


def escalation(user: User, lacking: list[Rule]) -> str:
    """What is said of rights that are not the user's to give."""
    shown = sorted({rules.text(each) for each in rules.compacted(lacking)})
    who = f"user {quoted(user.name)} (groups={quoted_list(user.groups)})"
    return f"{who} is attempting to grant RBAC permissions not currently held:\n" + "\n".join(shown)


def _refusal(request: AdmissionRequest, why: str) -> status.StatusError:
    resource = GroupResource(GROUP, request.resource.resource)
    name = request.name or ((request.object or {}).get("metadata") or {}).get("name", "")
    return status.forbidden(resource, name, why)


def _without_collector(obj: Object) -> Object:
    meta = {name: value for name, value in obj.get("metadata", {}).items() if name not in _OF_COLLECTOR}
    return {**obj, "metadata": meta}
