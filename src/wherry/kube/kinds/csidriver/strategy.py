"""Defaults and rules of CSIDrivers (k8s.io/kubernetes pkg/apis/storage)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable, optional_choice, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, Found, unsupported
from wherry.kube.machinery.fielderrors import FieldError, duplicate, invalid, required
from wherry.kube.machinery.model import Object

_NEEDED = {
    "attachRequired": "attachedRequired",  # upstream's path
    "podInfoOnMount": "podInfoOnMount",
    "storageCapacity": "storageCapacity",
}
_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
_MIN_TOKEN_SECONDS, _MAX_TOKEN_SECONDS, _MIN_PERIOD_SECONDS = 600, 2**32, 10


class CSIDriverStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, attachRequired=True, podInfoOnMount=False, storageCapacity=False)
        set_default(spec, fsGroupPolicy="ReadWriteOnceWithFSType", requiresRepublish=False, seLinuxMount=False)
        if not spec.get("volumeLifecycleModes"):
            spec["volumeLifecycleModes"] = ["Persistent"]

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = [required(SPEC.child(shown)) for name, shown in _NEEDED.items() if spec.get(name) is None]
        found += optional_choice(SPEC.child("fsGroupPolicy"), spec.get("fsGroupPolicy"), _GROUP_POLICIES)
        found += _validate_tokens(spec.get("tokenRequests") or [])
        for mode in spec.get("volumeLifecycleModes") or ():
            if mode not in ("Persistent", "Ephemeral"):
                where = SPEC.child("volumeLifecycleModes")
                found.append(unsupported(where, mode, "Persistent", "Ephemeral"))
        in_secrets, where = spec.get("serviceAccountTokenInSecrets"), SPEC.child("serviceAccountTokenInSecrets")
        if in_secrets is not None and not spec.get("tokenRequests"):
            why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
            found.append(invalid(where, in_secrets, why))
        period, where = spec.get("nodeAllocatableUpdatePeriodSeconds"), SPEC.child("nodeAllocatableUpdatePeriodSeconds")
        if period is not None and period < _MIN_PERIOD_SECONDS:
            found.append(invalid(where, period, f"must be greater than or equal to {_MIN_PERIOD_SECONDS} seconds"))
        return found

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        now, before = obj.get("spec", {}), old.get("spec", {})
        found = [*self.validate(obj, context)]
        found += immutable(SPEC.child("attachedRequired"), now.get("attachRequired"), before.get("attachRequired"))
        field = "volumeLifecycleModes"
        return found + immutable(SPEC.child(field), now.get(field), before.get(field))


def _validate_tokens(requests: Sequence[Object]) -> Found:
    found: Found = []
    seen: set[str] = set()
    for position, request in enumerate(requests):
        where, audience = SPEC.child("tokenRequests").index(position), request.get("audience", "")
        if audience in seen:
            found.append(duplicate(where.child("audience"), audience))
            continue
        seen.add(audience)
        seconds, at = request.get("expirationSeconds"), where.child("expirationSeconds")
        if seconds is not None and seconds < _MIN_TOKEN_SECONDS:
            found.append(invalid(at, seconds, "may not specify a duration less than 10 minutes"))
        if seconds is not None and seconds > _MAX_TOKEN_SECONDS:
            found.append(invalid(at, seconds, "may not specify a duration larger than 2^32 seconds"))
    return found
