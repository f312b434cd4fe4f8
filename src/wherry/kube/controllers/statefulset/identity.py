"""Pods and claims of an ordinal: pure (stateful_set_utils.go)."""

from wherry.kube.controllers.history.revisions import REVISION_HASH
from wherry.kube.controllers.podcontrol.templates import copied, pod_of
from wherry.kube.machinery.model import Object

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"


def pod_name(owner: Object, ordinal: int) -> str:
    return f"{owner['metadata']['name']}-{ordinal}"


def claim_templates(owner: Object) -> list[Object]:
    return list(owner["spec"].get("volumeClaimTemplates") or ())


def claim_name(owner: Object, template: Object, ordinal: int) -> str:
    return f"{template['metadata']['name']}-{pod_name(owner, ordinal)}"


def new_pod(owner: Object, template: Object, revision: str, ordinal: int, reference: Object) -> Object:
    """Of a template that may be an older one than the set's."""
    pod = pod_of(template, owner, reference)
    name = pod_name(owner, ordinal)
    meta = {"name": name, **{key: value for key, value in pod["metadata"].items() if key != "generateName"}}
    meta["labels"] = {**(meta.get("labels") or {}), REVISION_HASH: revision, **_labels(owner, ordinal)}
    spec = {**pod["spec"], "hostname": name, "volumes": _volumes(owner, pod["spec"], ordinal)}
    if owner["spec"].get("serviceName"):
        spec["subdomain"] = owner["spec"]["serviceName"]
    return {**pod, "metadata": meta, "spec": spec}


def _labels(owner: Object, ordinal: int) -> dict[str, str]:
    return {POD_NAME: pod_name(owner, ordinal), POD_INDEX: str(ordinal)}


def _volumes(owner: Object, spec: Object, ordinal: int) -> list[Object]:
    """A claim takes the place of a volume of its name."""
    claims = {
        each["metadata"]["name"]: {"claimName": claim_name(owner, each, ordinal)} for each in claim_templates(owner)
    }
    made = [{"name": name, "persistentVolumeClaim": claim} for name, claim in claims.items()]
    return made + [each for each in spec.get("volumes") or () if each["name"] not in claims]


def corrected(owner: Object, pod: Object, ordinal: int) -> Object | None:
    """The pod with the labels of its ordinal, if somebody took them away. None: it is as it should be."""
    meta, wanted = pod["metadata"], _labels(owner, ordinal)
    labels = meta.get("labels") or {}
    if wanted.items() <= labels.items():
        return None
    return {**pod, "metadata": {**meta, "labels": {**labels, **wanted}}}


def new_claim(owner: Object, template: Object, ordinal: int) -> Object:
    meta = template["metadata"]
    selected = (owner["spec"].get("selector") or {}).get("matchLabels") or {}
    made = {
        "name": claim_name(owner, template, ordinal),
        "namespace": owner["metadata"].get("namespace", ""),
        "labels": {**(meta.get("labels") or {}), **selected},
    }
    if meta.get("annotations"):
        made["annotations"] = dict(meta["annotations"])
    spec = copied(template.get("spec") or {})
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": made, "spec": spec}
