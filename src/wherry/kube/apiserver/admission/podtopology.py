"""PodTopologyLabels: a pod that is bound to a node learns the node's zone and region
(k8s.io/kubernetes plugin/pkg/admission/podtopologylabels)."""

from wherry.kube.apiserver.admission.plugin import CREATE_UPDATE, NODES, PODS, Needs, Plugin, new_object
from wherry.kube.apiserver.model import AdmissionRequest, Operation
from wherry.kube.machinery.model import GroupResource, Object

LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


class PodTopologyLabels(Plugin):
    """Of a Binding (whose labels become the pod's), or of a pod that has its node, when it is made or being bound."""

    name = "PodTopologyLabels"
    resources = frozenset({PODS})
    operations = CREATE_UPDATE
    subresources = frozenset({"", "binding"})

    def __init__(self, needs: Needs) -> None:
        self._listers = needs.listers

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        """Later updates of a pod change no node."""
        is_plain_update = operation is Operation.UPDATE and not subresource
        return super().handles(resource, operation, subresource) and not is_plain_update

    def admit(self, request: AdmissionRequest) -> None:
        obj = new_object(request)
        name = _target(obj)
        if not name:
            return
        node = self._listers.of(NODES).get(name)
        labels = (node or {}).get("metadata", {}).get("labels") or {}
        found = {name: labels[name] for name in LABELS if name in labels}
        if found:
            obj["metadata"]["labels"] = {**(obj["metadata"].get("labels") or {}), **found}


def _target(obj: Object) -> str:
    return str((obj.get("target") or {}).get("name") or (obj.get("spec") or {}).get("nodeName") or "")
