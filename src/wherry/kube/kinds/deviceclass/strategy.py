"""Rules of DeviceClasses (k8s.io/kubernetes pkg/apis/resource)."""

from collections.abc import Sequence

from wherry.kube.kinds.devices.claims import MAX_CONFIGURATIONS
from wherry.kube.kinds.devices.parts import listed, validate_configuration, validate_selectors
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.resourcenames import is_extended
from wherry.kube.kinds.rules import SPEC
from wherry.kube.machinery.fielderrors import FieldError, invalid
from wherry.kube.machinery.model import Object


class DeviceClassStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = validate_selectors(spec.get("selectors") or (), SPEC.child("selectors"))
        where = SPEC.child("config")
        found += listed(where, spec.get("config") or (), MAX_CONFIGURATIONS, validate_configuration)
        name, where = spec.get("extendedResourceName"), SPEC.child("extendedResourceName")
        if name is not None and not is_extended(name):
            found.append(invalid(where, name, "must be a valid extended resource name"))
        return found
