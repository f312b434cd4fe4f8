"""Defaults and rules of PriorityClasses (k8s.io/kubernetes pkg/apis/scheduling)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import METADATA, Found, name_of, unsupported
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden
from wherry.kube.machinery.model import Object

HIGHEST_OF_USERS = 1_000_000_000
SYSTEM_PREFIX = "system-"
SYSTEM_VALUES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
_VALUE, _PREEMPTION = Path("value"), Path("preemptionPolicy")


class PriorityClassStrategy(Strategy):
    def default(self, obj: Object) -> None:
        set_default(obj, preemptionPolicy="PreemptLowerPriority")
        obj.setdefault("value", 0)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        found = _validate_value(obj)
        policy = obj.get("preemptionPolicy")
        if policy not in (None, "PreemptLowerPriority", "Never"):
            found.append(unsupported(_PREEMPTION, policy, "PreemptLowerPriority", "Never"))
        return found

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        found: Found = []
        if obj.get("value", 0) != old.get("value", 0):
            found.append(forbidden(_VALUE, "may not be changed in an update."))
        return found + immutable(_PREEMPTION, obj.get("preemptionPolicy"), old.get("preemptionPolicy"))


def _validate_value(obj: Object) -> Found:
    name, value = name_of(obj), obj.get("value", 0)
    if not name.startswith(SYSTEM_PREFIX):
        why = f"maximum allowed value of a user defined priority is {HIGHEST_OF_USERS}"
        return [forbidden(_VALUE, why)] if value > HIGHEST_OF_USERS else []
    if name not in SYSTEM_VALUES:
        wrong = f"{name} is not a known system priority class"
    elif value != SYSTEM_VALUES[name]:
        wrong = f"value of {name} PriorityClass must be {SYSTEM_VALUES[name]}"
    elif obj.get("globalDefault"):
        wrong = f"globalDefault of {name} PriorityClass must be false"
    else:
        return []
    reserved = f"priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only"
    return [forbidden(METADATA.child("name"), f"{reserved}. error: {wrong}")]
