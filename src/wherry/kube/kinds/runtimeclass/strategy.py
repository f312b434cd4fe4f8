"""Rules of RuntimeClasses (k8s.io/kubernetes pkg/apis/node)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import canonical_resources, immutable
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.nodelabels import DEPRECATED
from wherry.kube.kinds.rules import Found
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate
from wherry.kube.machinery.model import Object

_HANDLER, _SCHEDULING = Path("handler"), Path("scheduling")


class RuntimeClassStrategy(Strategy):
    def default(self, obj: Object) -> None:
        canonical_resources(obj.get("overhead", {}).get("podFixed"))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        from wherry.kube.kinds.podspec.resources import validate_overhead

        handler, fixed = obj.get("handler", ""), obj.get("overhead", {}).get("podFixed")
        found = names.complain(_HANDLER, handler, names.dns1123_label(handler))
        if fixed:
            found += validate_overhead(fixed, Path("overhead"))
        return found + _validate_scheduling(obj.get("scheduling", {}))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return immutable(_HANDLER, obj.get("handler"), old.get("handler"))

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        selector = (obj.get("scheduling") or {}).get("nodeSelector") or {}
        return [f"scheduling.nodeSelector: {DEPRECATED[key]}" for key in selector if key in DEPRECATED]


def _validate_scheduling(scheduling: Object) -> Found:
    from wherry.kube.kinds.podspec.scheduling import validate_tolerations

    tolerations, where = scheduling.get("tolerations") or [], _SCHEDULING.child("tolerations")
    found = names.validate_labels(scheduling.get("nodeSelector") or {}, _SCHEDULING.child("nodeSelector"))
    found += validate_tolerations(tolerations, where)
    seen: set[tuple[str, ...]] = set()
    for position, toleration in enumerate(tolerations):
        key = tuple(toleration.get(name, "") for name in ("key", "operator", "value", "effect"))
        if key in seen:
            found.append(duplicate(where.index(position), toleration))
        seen.add(key)
    return found
