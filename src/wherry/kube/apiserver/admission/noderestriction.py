"""NodeRestriction: a node writes about itself and its own pods, and may not make itself more attractive
(k8s.io/kubernetes plugin/pkg/admission/noderestriction)."""

from collections.abc import Callable

from wherry.kube.apiserver.admission import nodelabels, nodepods, nodetokens
from wherry.kube.apiserver.admission.plugin import ACCOUNTS, CLAIMS, NODES, PODS, Needs, Plugin, name_of, refusal
from wherry.kube.apiserver.authz.nodes import NODES as NODES_GROUP
from wherry.kube.apiserver.authz.nodes import node_name
from wherry.kube.apiserver.model import AdmissionRequest, Operation
from wherry.kube.machinery.model import GroupResource, Object

LEASES = GroupResource("coordination.k8s.io", "leases")
CSI_NODES = GroupResource("storage.k8s.io", "csinodes")
SLICES = GroupResource("resource.k8s.io", "resourceslices")
POD_CERTIFICATES = GroupResource("certificates.k8s.io", "podcertificaterequests")
LEASE_NAMESPACE = "kube-node-lease"
Check = Callable[[AdmissionRequest, str], None]


class NodeRestriction(Plugin):
    name = "NodeRestriction"

    def __init__(self, needs: Needs) -> None:
        self._pods = nodepods.NodePods(needs.listers)
        self._tokens = nodetokens.NodeTokens(needs.listers, needs.authorizer)
        self._checks: dict[GroupResource, Check] = {
            PODS: self._pods.check,
            NODES: _check_node,
            CLAIMS: _check_claim,
            ACCOUNTS: self._tokens.check_account,
            LEASES: _check_lease,
            CSI_NODES: _check_csi_node,
            SLICES: _check_slice,
            POD_CERTIFICATES: self._tokens.check_certificate,
        }

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        return resource in self._checks

    def admit(self, request: AdmissionRequest) -> None:
        if NODES_GROUP not in request.user.groups:
            return
        node = node_name(request.user)
        if node is None:
            if request.user.name.startswith("system:node:"):
                raise refusal(request, f'could not determine node from user "{request.user.name}"')
            return
        self._checks[request.resource](request, node)

    def validate(self, request: AdmissionRequest) -> None:
        """Again: what stands between might have changed the object."""
        self.admit(request)


def _meta(obj: Object | None) -> Object:
    meta: Object = (obj or {}).get("metadata") or {}
    return meta


def _spec(obj: Object | None) -> Object:
    spec: Object = (obj or {}).get("spec") or {}
    return spec


def _check_node(request: AdmissionRequest, node: str) -> None:
    if name_of(request) != node:
        raise refusal(request, f'node "{node}" is not allowed to modify node "{name_of(request)}"')
    new = request.object
    if request.operation is Operation.CREATE:
        if _spec(new).get("configSource") is not None:
            raise refusal(request, f'node "{node}" is not allowed to create pods with a non-nil configSource')
        labels = nodelabels.forbidden(_meta(new).get("labels"), None)
        if labels:
            said = ", ".join(labels)
            raise refusal(request, f'node "{node}" is not allowed to set the following labels: {said}')
        if _meta(new).get("ownerReferences"):
            raise refusal(request, f'node "{node}" is not allowed to set ownerReferences')
    elif request.operation is Operation.UPDATE:
        _check_node_change(request, node)


def _check_node_change(request: AdmissionRequest, node: str) -> None:
    new, old = request.object, request.old
    source = _spec(new).get("configSource")
    if source is not None and source != _spec(old).get("configSource"):
        raise refusal(request, f'node "{node}" is not allowed to update configSource to a new non-nil configSource')
    if (_spec(new).get("taints") or []) != (_spec(old).get("taints") or []):
        raise refusal(request, f'node "{node}" is not allowed to modify taints')
    # Owned by something that is not there, it would be collected, and come back as it likes (CVE-2025-5187).
    if (_meta(new).get("ownerReferences") or []) != (_meta(old).get("ownerReferences") or []):
        raise refusal(request, f'node "{node}" is not allowed to modify ownerReferences')
    labels = nodelabels.forbidden(_meta(new).get("labels"), _meta(old).get("labels"))
    if labels:
        raise refusal(request, f"is not allowed to modify labels: {', '.join(labels)}")


_OWN_CLAIM_STATUS = ("capacity", "conditions", "allocatedResources", "allocatedResourceStatuses")


def _check_claim(request: AdmissionRequest, node: str) -> None:
    if request.subresource != "status":
        raise refusal(request, "may only update PVC status")
    if request.operation is not Operation.UPDATE:
        raise refusal(request, f'unexpected operation "{request.operation.value}"')
    if _frozen(request.object) != _frozen(request.old):
        raise refusal(
            request, f'node "{node}" is not allowed to update fields other than status.capacity and status.conditions'
        )


def _frozen(claim: Object | None) -> Object:
    """What of a claim is not a node's to change."""
    given = claim or {}
    meta = {name: value for name, value in _meta(claim).items() if name not in ("resourceVersion", "managedFields")}
    status = {name: each for name, each in (given.get("status") or {}).items() if name not in _OWN_CLAIM_STATUS}
    return {**given, "metadata": meta, "status": status}


def _check_lease(request: AdmissionRequest, node: str) -> None:
    if request.namespace != LEASE_NAMESPACE:
        raise refusal(request, f'can only access leases in the "{LEASE_NAMESPACE}" system namespace')
    if name_of(request) != node:
        raise refusal(request, "can only access node lease with the same name as the requesting node")


def _check_csi_node(request: AdmissionRequest, node: str) -> None:
    if name_of(request) != node:
        raise refusal(request, "can only access CSINode with the same name as the requesting node")


def _check_slice(request: AdmissionRequest, node: str) -> None:
    """Of devices: the node's own, before and after."""
    for obj in (request.object, request.old):
        if obj is not None and _spec(obj).get("nodeName", "") != node:
            verb = "delete" if request.operation is Operation.DELETE else "create"
            raise refusal(request, f"can only {verb} ResourceSlice with the same NodeName as the requesting node")
