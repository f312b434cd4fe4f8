"""Defaults and rules of ReplicaSets (k8s.io/kubernetes pkg/apis/apps)."""

from collections.abc import Sequence

from wherry.kube.kinds import rollout, templates
from wherry.kube.kinds.checking import immutable, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, STATUS, counts
from wherry.kube.machinery.fielderrors import FieldError
from wherry.kube.machinery.model import Object


class ReplicaSetStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, replicas=1)
        templates.default_template(spec)

    def default_status(self, obj: Object) -> None:
        """Nothing in it has a default."""

    def prepare_create(self, obj: Object, context: Context) -> None:
        obj["status"] = {"replicas": 0}

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = counts(SPEC, spec, "replicas", "minReadySeconds")
        found += templates.validate_selector(spec, SPEC, "deployment")  # upstream's word
        return found + templates.validate_controlled(spec, SPEC, "ReplicaSet")

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        now, before = obj.get("spec", {}).get("selector"), old.get("spec", {}).get("selector")
        return [*self.validate(obj, context), *immutable(SPEC.child("selector"), now, before)]

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status = obj.get("status", {})
        fields = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
        found = counts(STATUS, status, "replicas", *fields, "observedGeneration", "terminatingReplicas")
        found += rollout.parts(STATUS, status, "replicas", *fields)
        return found + rollout.parts(STATUS, status, "readyReplicas", "availableReplicas", said="readyReplicas")

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return templates.warnings(obj, old)
