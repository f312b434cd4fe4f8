"""Defaults and rules of DeviceTaintRules (k8s.io/kubernetes pkg/apis/resource)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import set_default
from wherry.kube.kinds.devices.naming import pool_name, request_name
from wherry.kube.kinds.devices.parts import validate_taint
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, STATUS, Found, conditions, csi_driver_name, limited
from wherry.kube.machinery.fielderrors import FieldError
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

_MAX_CONDITIONS = 8
_SELECTOR = SPEC.child("deviceSelector")


class DeviceTaintRuleStrategy(Strategy):
    def prepare_create(self, obj: Object, context: Context) -> None:
        set_default(obj.setdefault("spec", {}).setdefault("taint", {}), timeAdded=rfc3339(context.now))

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        self.prepare_create(obj, context)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        return _validate_selector(spec.get("deviceSelector", {})) + validate_taint(
            spec.get("taint", {}), SPEC.child("taint")
        )

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        path, held = STATUS.child("conditions"), obj.get("status", {}).get("conditions") or ()
        return conditions(path, held) + limited(path, held, _MAX_CONDITIONS)


def _validate_selector(selector: Object) -> Found:
    checks = {"driver": csi_driver_name, "pool": pool_name, "device": request_name}
    there = [(name, check) for name, check in checks.items() if selector.get(name) is not None]
    return [error for name, check in there for error in check(_SELECTOR.child(name), selector[name])]
