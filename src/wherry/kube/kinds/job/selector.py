"""The labels that tell the pods of one job from all others, and the selector made of them."""

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.rules import METADATA, SPEC, Found, name_of
from wherry.kube.machinery.fielderrors import invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_object
from wherry.kube.machinery.status import StatusError

UID_LABEL, NAME_LABEL = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"
OLD_UID_LABEL, OLD_NAME_LABEL = "controller-uid", "job-name"
_TEMPLATE_LABELS = SPEC.child("template", "metadata", "labels")


def is_manual(obj: Object) -> bool:
    return bool(obj.get("spec", {}).get("manualSelector"))


def expected_labels(obj: Object) -> dict[str, str]:
    uid, name = str(obj.get("metadata", {}).get("uid", "")), name_of(obj)
    return {OLD_UID_LABEL: uid, OLD_NAME_LABEL: name, UID_LABEL: uid, NAME_LABEL: name}


def generate(obj: Object) -> None:
    """Label the template, and select by its uid. Labels that are there already stay: :func:`validate` says so."""
    spec = obj.setdefault("spec", {})
    meta = spec.setdefault("template", {}).setdefault("metadata", {})
    meta["labels"] = {**expected_labels(obj), **(meta.get("labels") or {})}
    selector = spec.setdefault("selector", {})
    uid = str(obj.get("metadata", {}).get("uid", ""))
    selector["matchLabels"] = {UID_LABEL: uid, **(selector.get("matchLabels") or {})}


def validate(obj: Object) -> Found:
    """That what was to be generated is as it was generated."""
    selector = obj.get("spec", {}).get("selector")
    if is_manual(obj) or selector is None:
        return []
    found = [] if obj.get("metadata", {}).get("uid") else [required(METADATA.child("uid"))]
    expected = expected_labels(obj)
    labels = obj["spec"].get("template", {}).get("metadata", {}).get("labels") or {}
    for label, value in expected.items():
        where = _TEMPLATE_LABELS.key(label)
        if label not in labels:
            found.append(required(where, f"must be '{value}'"))
        elif labels[label] != value:
            found.append(invalid(where, labels, f"must be '{value}'"))
    try:
        matches = of_object(selector).matches(expected)
    except StatusError:
        return found  # what is wrong with it is said elsewhere
    return found if matches else [*found, invalid(SPEC.child("selector"), selector, "`selector` not auto-generated")]


def unchanged(obj: Object, old: Object) -> Found:
    now, before = obj.get("spec", {}).get("selector"), old.get("spec", {}).get("selector")
    return immutable(SPEC.child("selector"), now, before)
