"""What the pods of a StatefulSet are made from: their template, and the templates of their claims.

Upstream has checked these only since 1.34 and leaves alone what was wrong before (ratcheting).
"""

from collections.abc import Sequence

from wherry.kube.kinds.podspec import validate_pod_template
from wherry.kube.kinds.podspec.claims import validate_claim_spec
from wherry.kube.kinds.rules import Found
from wherry.kube.kinds.templates import MISMATCH, labels_of
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, forbidden, invalid, not_supported
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_object
from wherry.kube.machinery.status import StatusError


def validate_pods(spec: Object, old: Object | None, path: Path) -> Found:
    """Of the specification of a StatefulSet; ``old``: what it was."""
    where, template = path.child("template"), spec.get("template", {})
    found = _validate_labels(spec, path)
    if old is None or not _validate_template(old, where):
        found += _validate_template(spec, where)
    pod, at = template.get("spec", {}), where.child("spec")
    if pod.get("restartPolicy", "") != "Always":
        found.append(not_supported(at.child("restartPolicy"), pod.get("restartPolicy", ""), ("Always",)))
    if pod.get("activeDeadlineSeconds") is not None:
        why = "activeDeadlineSeconds in StatefulSet is not Supported"
        found.append(forbidden(at.child("activeDeadlineSeconds"), why))
    where = path.child("volumeClaimTemplates")
    if old is None or not _validate_claims(_claims(old), where):
        found += _validate_claims(_claims(spec), where)
    return found


def _claims(spec: Object) -> Sequence[Object]:
    return spec.get("volumeClaimTemplates") or ()


def _validate_labels(spec: Object, path: Path) -> Found:
    labels = labels_of(spec.get("template", {}))
    try:
        matches = of_object(spec.get("selector")).matches(labels)
    except StatusError:
        return [invalid(path.child("selector"), spec.get("selector"), "")]
    if matches or spec.get("selector") is None:
        return []
    return [invalid(path.child("template", "metadata", "labels"), labels, MISMATCH)]


def _validate_template(spec: Object, path: Path) -> Found:
    """With the claims among its volumes: a claim takes the place of a volume of its name."""
    template, names_of_claims = spec.get("template", {}), [_name(claim) for claim in _claims(spec)]
    volumes = [
        each for each in template.get("spec", {}).get("volumes") or () if each.get("name") not in names_of_claims
    ]
    volumes += [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in dict.fromkeys(names_of_claims)]
    whole = {**template, "spec": {**template.get("spec", {}), "volumes": volumes}}
    return list(validate_pod_template(whole, path))


def _name(claim: Object) -> str:
    return str(claim.get("metadata", {}).get("name", ""))


def _validate_claims(claims: Sequence[Object], path: Path) -> Found:
    found: Found = []
    for position, claim in enumerate(claims):
        where, meta = path.index(position), claim.get("metadata", {})
        found += names.validate_labels(meta.get("labels") or {}, where.child("metadata", "labels"))
        found += names.validate_annotations(meta.get("annotations") or {}, where.child("metadata", "annotations"))
        found += validate_claim_spec(claim.get("spec", {}), where.child("spec"))
    return found
