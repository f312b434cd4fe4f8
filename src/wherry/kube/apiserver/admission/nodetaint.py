"""TaintNodesByCondition: a new node takes no pods until it has said that it is ready
(k8s.io/kubernetes plugin/pkg/admission/nodetaint)."""

from wherry.kube.apiserver.admission.plugin import CREATE, NODES, Plugin, new_object
from wherry.kube.apiserver.model import AdmissionRequest

NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


class TaintNodesByCondition(Plugin):
    name = "TaintNodesByCondition"
    resources = frozenset({NODES})
    operations = CREATE

    def admit(self, request: AdmissionRequest) -> None:
        spec = new_object(request).setdefault("spec", {})
        taints = spec.get("taints") or []
        if not any((each.get("key"), each.get("effect")) == tuple(NOT_READY.values()) for each in taints):
            spec["taints"] = [*taints, dict(NOT_READY)]
