"""Rules of VolumeAttributesClasses (k8s.io/kubernetes pkg/apis/storage)."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.storageclass.strategy import forbid_changes, validate_driver, validate_parameters
from wherry.kube.machinery.fielderrors import FieldError, Path
from wherry.kube.machinery.model import Object


class VolumeAttributesClassStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        found = validate_driver(obj.get("driverName", ""), Path("driverName"))
        return found + validate_parameters(obj.get("parameters") or {}, Path("parameters"), needed=True)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return [*forbid_changes(obj, old, "driverName", "parameters"), *self.validate(obj, context)]
