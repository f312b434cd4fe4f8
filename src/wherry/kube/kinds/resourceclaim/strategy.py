"""Defaults and rules of ResourceClaims (k8s.io/kubernetes pkg/apis/resource)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.devices.claims import default_claim, validate_claim
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC
from wherry.kube.machinery.fielderrors import FieldError
from wherry.kube.machinery.model import Object


class ResourceClaimStrategy(Strategy):
    def default(self, obj: Object) -> None:
        default_claim(obj.setdefault("spec", {}))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return validate_claim(obj.get("spec", {}), SPEC)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        """What is asked for never changes."""
        return immutable(SPEC, obj.get("spec"), old.get("spec"))

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        from wherry.kube.kinds.resourceclaim.status import validate_status

        return validate_status(obj, old)
