"""Pods on their way to the store (pkg/registry/core/pod/strategy.go)."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.pod import preparing, status, updates
from wherry.kube.kinds.pod.qos import qos_class
from wherry.kube.kinds.podspec import PodContext, pod_spec_warnings, validate_pod_spec
from wherry.kube.kinds.podspec.annotations import validate_agreement, validate_annotations
from wherry.kube.kinds.podspec.defaults import default_pod
from wherry.kube.kinds.podspec.spec import validate_for_pod
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden
from wherry.kube.machinery.model import Object

_SPEC = Path("spec")
_ANNOTATIONS = Path("metadata").child("annotations")


class PodStrategy(Strategy):
    """``context.subresource`` of an update: ``binding``, ``ephemeralcontainers``, ``resize``, or none."""

    def default(self, obj: Object) -> None:
        default_pod(obj)
        self.default_status(obj)

    def default_status(self, obj: Object) -> None:
        preparing.mirror_addresses(obj)

    def prepare_create(self, obj: Object, context: Context) -> None:
        obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj["spec"])}
        preparing.gate(obj)
        preparing.merge_label_keys(obj)

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        if context.subresource == "ephemeralcontainers":
            preparing.keep_all_but_ephemeral_containers(obj, old)
        elif context.subresource == "resize":
            preparing.keep_all_but_resources(obj, old)

    def generation_counts(self, obj: Object, old: Object) -> bool:
        """A binding is no change of what is wanted (pkg/registry/core/pod/storage: setPodNodeAndMetadata)."""
        return super().generation_counts(_without_node(obj), _without_node(old))

    def prepare_status_update(self, obj: Object, old: Object, context: Context) -> None:
        preparing.keep_facts(obj, old)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return self.validate_new(obj)

    def validate_new(self, obj: Object) -> Sequence[FieldError]:
        """The same for who knows no context: a node with a manifest of its own."""
        errors = _validate(obj)
        spec = obj["spec"]
        if spec.get("ephemeralContainers"):
            errors.append(forbidden(_SPEC.child("ephemeralContainers"), "cannot be set on create"))
        if spec.get("nodeName") and spec.get("schedulingGates"):
            why = "cannot be set until all schedulingGates have been cleared"
            errors.append(forbidden(_SPEC.child("nodeName"), why))
        return errors + validate_agreement(obj["metadata"].get("annotations") or {}, spec, _SPEC)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        if context.subresource == "binding":
            return ()
        errors = _validate(obj)
        if context.subresource == "ephemeralcontainers":
            return updates.validate_ephemeral_containers(obj, old, errors)
        if context.subresource == "resize":
            return updates.validate_resize(obj, old, errors)
        return updates.validate_update(obj, old, errors)

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return status.validate(obj, old)

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        if old is not None:
            return ()
        found = pod_spec_warnings(obj)
        if complaints := names.dns1123_label(obj["metadata"].get("name", "")):
            surprise = "this is used in the Pod's hostname, which can result in surprising behavior"
            said = " ".join(complaints)
            found.insert(0, f"metadata.name: {surprise}; a DNS label is recommended: [{said}]")
        return found


def _without_node(obj: Object) -> Object:
    return {**obj, "spec": {name: value for name, value in obj["spec"].items() if name != "nodeName"}}


def _validate(obj: Object) -> list[FieldError]:
    """What holds for new and for changed pods."""
    meta, spec = obj["metadata"], obj.get("spec") or {}
    annotations = meta.get("annotations") or {}
    errors = validate_annotations(annotations, spec, _ANNOTATIONS)
    errors += validate_pod_spec(spec, _SPEC, PodContext(is_pod=True, name=meta.get("name", "")))
    return errors + validate_for_pod(spec, annotations, _SPEC)
