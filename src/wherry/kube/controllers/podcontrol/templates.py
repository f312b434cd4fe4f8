"""Pods of a template, and whether two templates are the same."""

import hashlib
from typing import Any

import msgspec

from wherry.kube.machinery.model import Object

HASH_LABEL = "pod-template-hash"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Names that are made of these say nothing rude (k8s.io/apimachinery pkg/util/rand)."""
_HASH_LENGTH = 10
_ZERO_IS_ABSENT = frozenset({
    "hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "readOnly", "hostPort", "initialDelaySeconds",
})  # fmt: skip
"""Fields of a pod that upstream keeps by value: false and 0 are as good as absent. Of most others (``runAsUser: 0``,
``automountServiceAccountToken: false``) they are not."""
_MAPS = frozenset({
    "labels", "annotations", "nodeSelector", "matchLabels", "limits", "requests", "volumeAttributes", "options",
    "allocatedResources",
})  # fmt: skip
"""Fields whose keys are the user's: an empty text is a value there."""
_EMPTY_IS_ABSENT = _MAPS | {"resources", "metadata"}
"""Fields of which an empty object is as good as absent; of others (``emptyDir: {}``) it is not."""


def pod_of(template: Object, owner: Object, reference: Object) -> Object:
    """A pod with a name to be generated from the owner's (k8s.io/kubernetes pkg/controller GetPodFromTemplate)."""
    meta, name = template.get("metadata") or {}, owner["metadata"]["name"]
    made: Object = {"generateName": f"{name}-" if len(name) < 253 else name}
    made["namespace"] = owner["metadata"].get("namespace", "")
    for field in ("labels", "annotations"):
        if meta.get(field):
            made[field] = dict(meta[field])
    if meta.get("finalizers"):
        made["finalizers"] = list(meta["finalizers"])
    made["ownerReferences"] = [reference]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": copied(template.get("spec") or {})}


def copied(value: Any) -> Any:  # Any: JSON
    """A deep copy of objects and lists."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


def canonical(template: Object) -> Object:
    """Equal for templates that make the same pods: without what is as good as absent, and without the label that a
    Deployment adds."""
    found = _pruned(template)
    labels = {**found.get("metadata", {}).get("labels", {})}
    if HASH_LABEL not in labels:
        return found
    del labels[HASH_LABEL]
    meta = {name: value for name, value in found["metadata"].items() if name != "labels"}
    if labels:
        meta["labels"] = labels
    found.pop("metadata")
    return {**found, "metadata": meta} if meta else found


def _pruned(document: Object) -> Object:
    kept = {}
    for name, value in document.items():
        if isinstance(value, dict) and name not in _MAPS:
            value = _pruned(value)
        elif isinstance(value, list):
            value = [_pruned(each) if isinstance(each, dict) else each for each in value]
        if not _is_absent(name, value):
            kept[name] = value
    return kept


def _is_absent(name: str, value: object) -> bool:
    if isinstance(value, dict):
        return not value and name in _EMPTY_IS_ABSENT
    if isinstance(value, list | str) or value is None:
        return not value
    return not value and name in _ZERO_IS_ABSENT


def is_same(one: Object, other: Object) -> bool:
    """They make the same pods."""
    return one == other or canonical(one) == canonical(other)


def hash_of(document: Any, collisions: int = 0) -> str:  # Any: JSON
    """A short name for what is in a document: the same on every machine and in every version of this program.
    ``collisions``: how often such names turned out to be taken."""
    data = msgspec.json.encode([document, collisions], order="sorted")
    number, text = int.from_bytes(hashlib.sha256(data).digest(), "big"), ""
    for _ in range(_HASH_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        text += _ALPHABET[digit]
    return text


def template_hash(template: Object, collisions: int = 0) -> str:
    return hash_of(canonical(template), collisions)
