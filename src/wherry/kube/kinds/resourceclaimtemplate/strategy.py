"""Defaults and rules of ResourceClaimTemplates (k8s.io/kubernetes pkg/apis/resource)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.devices.claims import default_claim, validate_claim
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, forbidden
from wherry.kube.machinery.model import Object

_METADATA = SPEC.child("metadata")


class ResourceClaimTemplateStrategy(Strategy):
    def default(self, obj: Object) -> None:
        default_claim(obj.setdefault("spec", {}).setdefault("spec", {}))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        meta = spec.get("metadata", {})
        found = names.validate_annotations(meta.get("annotations") or {}, _METADATA.child("annotations"))
        found += names.validate_labels(meta.get("labels") or {}, _METADATA.child("labels"))
        for name in sorted(meta.keys() - {"annotations", "labels", "creationTimestamp"}):
            if meta[name]:
                found.append(forbidden(_METADATA.child(name), "cannot be set"))
        return found + validate_claim(spec.get("spec", {}), SPEC.child("spec"))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return immutable(SPEC, obj.get("spec"), old.get("spec"))
