"""What a node may do to pods: make mirror pods of its own, delete and evict those bound to it, write their status."""

from wherry.kube.apiserver.admission.plugin import NODES, PODS, name_of, new_object, refusal
from wherry.kube.apiserver.admission.podspec import refers_to_config_maps, refers_to_secrets
from wherry.kube.apiserver.model import AdmissionRequest, Listers, Operation
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import not_found

MIRROR = "kubernetes.io/config.mirror"


class NodePods:
    """A part of NodeRestriction."""

    def __init__(self, listers: Listers) -> None:
        self._listers = listers

    def check(self, request: AdmissionRequest, node: str) -> None:
        """Raises StatusError."""
        if request.subresource == "":
            self._check_pod(request, node)
        elif request.subresource == "status":
            _check_status(request, node)
        elif request.subresource == "eviction":
            self._check_eviction(request, node)
        else:
            said = f"unexpected pod subresource \"{request.subresource}\", only 'status' and 'eviction' are allowed"
            raise refusal(request, said)

    def _check_pod(self, request: AdmissionRequest, node: str) -> None:
        if request.operation is Operation.CREATE:
            self._check_create(request, node)
        elif request.operation is Operation.DELETE:
            if self._bound_to(request) != node:
                raise refusal(request, f'node "{node}" can only delete pods with spec.nodeName set to itself')
        else:
            raise refusal(
                request,
                f'unexpected operation "{request.operation.value}", node "{node}" can only create and delete mirror '
                "pods",
            )

    def _bound_to(self, request: AdmissionRequest) -> str:
        """The node of the pod that is there. Raises StatusError 404."""
        name = name_of(request)
        pod = request.old or self._listers.of(PODS).get(name, request.namespace)
        if pod is None:
            raise not_found(PODS, name)
        return str((pod.get("spec") or {}).get("nodeName", ""))

    def _check_eviction(self, request: AdmissionRequest, node: str) -> None:
        if request.operation not in (Operation.CREATE, Operation.CONNECT):
            raise refusal(request, f"unexpected operation {request.operation.value}")
        if self._bound_to(request) != node:
            raise refusal(request, f"node {node} can only evict pods with spec.nodeName set to itself")

    def _check_create(self, request: AdmissionRequest, node: str) -> None:
        pod = new_object(request)
        spec = pod.get("spec") or {}
        if MIRROR not in (pod["metadata"].get("annotations") or {}):
            raise refusal(
                request, f'pod does not have "{MIRROR}" annotation, node "{node}" can only create mirror pods'
            )
        if spec.get("nodeName") != node:
            raise refusal(request, f'node "{node}" can only create pods with spec.nodeName set to itself')
        self._check_owner(request, node, pod["metadata"].get("ownerReferences") or [])
        for is_there, what in _references(spec):
            if is_there:
                raise refusal(request, f'node "{node}" can not create pods that reference {what}')

    def _check_owner(self, request: AdmissionRequest, node: str, owners: list[Object]) -> None:
        if len(owners) > 1:
            said = f'node "{node}" can only create pods with a single owner reference set to itself'
            raise refusal(request, said)
        own = {"apiVersion": "v1", "kind": "Node", "name": node}
        if not owners or any(owners[0].get(name) != value for name, value in own.items()):
            raise refusal(request, f'node "{node}" can only create pods with an owner reference set to itself')
        owner = owners[0]
        if not owner.get("controller"):
            said = f'node "{node}" can only create pods with a controller owner reference set to itself'
            raise refusal(request, said)
        if owner.get("blockOwnerDeletion"):
            raise refusal(request, f'node "{node}" must not set blockOwnerDeletion on an owner reference')
        found = self._listers.of(NODES).get(node)
        if found is None:
            raise not_found(NODES, node)
        if owner.get("uid") != found["metadata"].get("uid"):
            expected, got = owner.get("uid"), found["metadata"].get("uid")
            raise refusal(request, f"node {node} UID mismatch: expected {expected} got {got}")


def _references(spec: Object) -> list[tuple[bool, str]]:
    """What a mirror pod must not refer to: the node would be allowed to read it (CVE-2025-4563: claims, too)."""
    volumes = spec.get("volumes") or ()
    sources = [each for volume in volumes for each in (volume.get("projected") or {}).get("sources") or ()]
    return [
        (bool(spec.get("serviceAccountName")), "a service account"),
        (refers_to_secrets(spec), "secrets"),
        (refers_to_config_maps(spec), "configmaps"),
        (any(each.get("serviceAccountToken") for each in sources), "a service account"),
        (any(each.get("clusterTrustBundle") for each in sources), "clustertrustbundles"),
        (any(each.get("podCertificate") for each in sources), "podcertificates"),
        (
            any(each.get("persistentVolumeClaim") or each.get("ephemeral") for each in volumes),
            "persistentvolumeclaims",
        ),
        (bool(spec.get("resourceClaims")), "resourceclaims"),
    ]


def _check_status(request: AdmissionRequest, node: str) -> None:
    if request.operation is not Operation.UPDATE:
        raise refusal(request, f'unexpected operation "{request.operation.value}"')
    new, old = new_object(request), request.old or {}
    if (old.get("spec") or {}).get("nodeName") != node:
        said = f'node "{node}" can only update pod status for pods with spec.nodeName set to itself'
        raise refusal(request, said)
    if (new["metadata"].get("labels") or {}) != (old["metadata"].get("labels") or {}):
        raise refusal(request, f'node "{node}" cannot update labels through pod status')
    for field, what in (
        ("resourceClaimStatuses", "resource claim statues"),  # upstream's spelling
        ("extendedResourceClaimStatus", "extended resource claim status"),
    ):
        if ((new.get("status") or {}).get(field) or None) != ((old.get("status") or {}).get(field) or None):
            raise refusal(request, f'node "{node}" cannot update {what}')
