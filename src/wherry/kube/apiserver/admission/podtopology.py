"""PodTopologyLabels: a pod that is bound to a node learns the node's zone and region
(k8s.io/kubernetes plugin/pkg/admission/podtopologylabels)."""

from wherry.kube.apiserver.admission.plugin import CREATE, NODES, PODS, Needs, Plugin, new_object
from wherry.kube.apiserver.model import AdmissionRequest
from wherry.kube.machinery.model import Object

LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


class PodTopologyLabels(Plugin):
    """The labels of a Binding become the pod's; those of a pod made with its node are set outright."""

    name = "PodTopologyLabels"
    resources = frozenset({PODS})
    operations = CREATE
    subresources = frozenset({"", "binding"})

    def __init__(self, needs: Needs) -> None:
        self._listers = needs.listers

    async def admit(self, request: AdmissionRequest) -> None:
        obj = new_object(request)
        node = self._listers.of(NODES).get(_target(obj, request.subresource))
        labels = (node or {}).get("metadata", {}).get("labels") or {}
        found = {name: labels[name] for name in LABELS if name in labels}
        if found:
            obj["metadata"]["labels"] = {**(obj["metadata"].get("labels") or {}), **found}


def _target(obj: Object, subresource: str) -> str:
    where = obj.get("target") if subresource else obj.get("spec")
    return str((where or {}).get("name" if subresource else "nodeName", ""))
