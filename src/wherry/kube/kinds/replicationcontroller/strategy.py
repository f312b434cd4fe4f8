"""Replication controllers on their way to the store (ValidateReplicationControllerSpec)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import nonnegative
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.podspec import (
    default_pod_template,
    pod_template_warnings,
    validate_pod_template_for_controller,
)
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_labels

_SPEC, _STATUS = Path("spec"), Path("status")
_TEMPLATE = _SPEC.child("template")
_COUNTS = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")


class ReplicationControllerStrategy(Strategy):
    """See the module."""

    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        template = spec.get("template")
        if template is not None:
            default_pod_template(template)
            labels = template["metadata"].get("labels")
            if labels:
                if not spec.get("selector"):
                    spec["selector"] = dict(labels)
                if not obj["metadata"].get("labels"):
                    obj["metadata"]["labels"] = dict(labels)
        if spec.get("replicas") is None:
            spec["replicas"] = 1

    def default_status(self, obj: Object) -> None:
        """Nothing in it has a default."""

    def prepare_create(self, obj: Object, context: Context) -> None:
        obj["status"] = {"replicas": 0}

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec") or {}
        selector = spec.get("selector") or {}
        errors = nonnegative(_SPEC.child("minReadySeconds"), spec.get("minReadySeconds"))
        if not selector:
            errors.append(required(_SPEC.child("selector")))
        errors += nonnegative(_SPEC.child("replicas"), spec.get("replicas"))
        template, chosen = spec.get("template"), of_labels(selector)
        return errors + validate_pod_template_for_controller(template, chosen, "ReplicationController", _TEMPLATE)

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status = obj.get("status") or {}
        fields = ("replicas", *_COUNTS, "observedGeneration")
        errors = [error for name in fields for error in nonnegative(_STATUS.child(name), status.get(name))]
        total = status.get("replicas", 0)
        for name in _COUNTS:
            if (count := status.get(name, 0)) > total:
                errors.append(invalid(_STATUS.child(name), count, "cannot be greater than status.replicas"))
        available = status.get("availableReplicas", 0)
        if available > status.get("readyReplicas", 0):
            errors.append(
                invalid(_STATUS.child("availableReplicas"), available, "cannot be greater than readyReplicas")
            )
        return errors

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        template = (obj.get("spec") or {}).get("template")
        return pod_template_warnings(template, _TEMPLATE) if template else ()
