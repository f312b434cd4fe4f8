"""Pods of a daemon: pure (pkg/controller/daemon/util)."""

from wherry.kube.controllers.history.revisions import REVISION_HASH
from wherry.kube.controllers.podcontrol.templates import pod_of
from wherry.kube.machinery.model import Object

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
GENERATION_LABEL = "pod-template-generation"
_ALWAYS = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
_OF_HOST_NETWORK = ("node.kubernetes.io/network-unavailable", "NoSchedule")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def tolerations_of(owner: Object) -> list[Object]:
    """The template's, and what daemons must bear: they are what repairs nodes."""
    spec = owner["spec"]["template"].get("spec") or {}
    found = list(spec.get("tolerations") or ())
    for key, effect in (*_ALWAYS, *((_OF_HOST_NETWORK,) if spec.get("hostNetwork") else ())):
        made = {"key": key, "operator": "Exists", "effect": effect}
        if made not in found:
            found.append(made)
    return found


def generation_of(owner: Object) -> str:
    """How often the template has changed, as a text; empty: nobody counts."""
    return str((owner["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, ""))


def daemon_pod(owner: Object, node: str, hashed: str, reference: Object) -> Object:
    pod = pod_of(owner["spec"]["template"], owner, reference)
    labels, generation = {**(pod["metadata"].get("labels") or {}), REVISION_HASH: hashed}, generation_of(owner)
    if generation:
        labels[GENERATION_LABEL] = generation
    spec = {**pod["spec"], "tolerations": tolerations_of(owner), "affinity": _pinned(pod["spec"], node)}
    return {**pod, "metadata": {**pod["metadata"], "labels": labels}, "spec": spec}


def _pinned(spec: Object, node: str) -> Object:
    """What is required of the node is that it is this one: the rest has been looked at. Preferences stay."""
    affinity = spec.get("affinity") or {}
    fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
    required = {"nodeSelectorTerms": [{"matchFields": fields}]}
    return {**affinity, "nodeAffinity": {**(affinity.get("nodeAffinity") or {}), _REQUIRED: required}}


def node_of(pod: Object) -> str:
    """The node it runs on or is meant for; empty: it cannot be known."""
    spec = pod["spec"]
    if spec.get("nodeName"):
        return str(spec["nodeName"])
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(_REQUIRED) or {}
    for term in required.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            if field.get("key") == "metadata.name" and field.get("operator") == "In" and len(field["values"]) == 1:
                return str(field["values"][0])
    return ""


def is_updated(pod: Object, owner: Object, hashed: str) -> bool:
    """It is of the present template, by its hash, or by the count of templates."""
    labels = pod["metadata"].get("labels") or {}
    if hashed and labels.get(REVISION_HASH) == hashed:
        return True
    generation = generation_of(owner)
    return bool(generation) and labels.get(GENERATION_LABEL) == generation
