"""Namespaces on their way to the store (pkg/registry/core/namespace/strategy.go)."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context
from wherry.kube.kinds.uncounted import Uncounted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid
from wherry.kube.machinery.model import Object

FINALIZER = "kubernetes"
"""In ``spec.finalizers`` until everything in the namespace is gone."""
LABEL = "kubernetes.io/metadata.name"
_FINALIZERS, _PHASE = Path("spec").child("finalizers"), Path("status").child("Phase")


class NamespaceStrategy(Uncounted):
    """``context.subresource`` of an update may be ``finalize``, which changes ``spec.finalizers`` alone."""

    def default(self, obj: Object) -> None:
        meta = obj.setdefault("metadata", {})
        if meta.get("name"):
            meta["labels"] = {**(meta.get("labels") or {}), LABEL: meta["name"]}

    def prepare_create(self, obj: Object, context: Context) -> None:
        super().prepare_create(obj, context)
        self.default(obj)  # the name may have been generated meanwhile
        obj["status"] = {"phase": "Active"}
        finalizers = list((obj.get("spec") or {}).get("finalizers") or ())
        if FINALIZER not in finalizers:
            finalizers.append(FINALIZER)
        obj["spec"] = {"finalizers": finalizers}

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        if context.subresource != "finalize":
            obj["spec"] = old.get("spec") or {}
            return
        finalizers = (obj.get("spec") or {}).get("finalizers") or []
        obj["spec"] = {"finalizers": finalizers} if finalizers else {}
        obj["status"] = old.get("status") or {}

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return _validate_finalizers(obj, False)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return _validate_finalizers(obj, True) if context.subresource == "finalize" else ()

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        phase = (obj.get("status") or {}).get("phase", "")
        if "deletionTimestamp" in obj["metadata"]:
            wanted, when = "Terminating", "is not empty"
        else:
            wanted, when = "Active", "is empty"
        if phase == wanted:
            return ()
        return [invalid(_PHASE, phase, f"may only be '{wanted}' if `deletionTimestamp` {when}")]


def _validate_finalizers(namespace: Object, by_position: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    for position, each in enumerate((namespace.get("spec") or {}).get("finalizers") or ()):
        at = _FINALIZERS.index(position) if by_position else _FINALIZERS
        errors += names.complain(at, each, names.qualified_name(each))
        if names.validate_finalizer_names([each], at):
            errors.append(invalid(at, each, names.NOT_A_FINALIZER))
    return errors
