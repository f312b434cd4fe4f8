"""Defaults and rules of HorizontalPodAutoscalers (k8s.io/kubernetes pkg/apis/autoscaling)."""

from collections.abc import Iterator, Sequence

from wherry.kube.kinds.checking import nonnegative_quantity, optional_choice, set_default
from wherry.kube.kinds.horizontalpodautoscaler.metrics import validate_metrics, validate_reference
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, STATUS, Found, canonical, counts, each
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_MAX_PERIOD_SECONDS, _MAX_WINDOW_SECONDS = 1800, 3600
_PERCENT = {"type": "Percent", "value": 100, "periodSeconds": 15}
_PODS = {"type": "Pods", "value": 4, "periodSeconds": 15}


class HorizontalPodAutoscalerStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, minReplicas=1)
        if not spec.get("metrics"):
            target = {"type": "Utilization", "averageUtilization": 80}
            spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
        for values in _values(obj):
            canonical(values, "value", "averageValue")
        behavior = spec.get("behavior")
        if behavior is not None:
            up, down = behavior.setdefault("scaleUp", {}), behavior.setdefault("scaleDown", {})
            set_default(up, stabilizationWindowSeconds=0, selectPolicy="Max", policies=[dict(_PODS), dict(_PERCENT)])
            set_default(down, selectPolicy="Max", policies=[dict(_PERCENT)])

    def prepare_create(self, obj: Object, context: Context) -> None:
        obj["status"] = {"desiredReplicas": 0, "currentReplicas": 0}

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return _validate_spec(obj.get("spec", {}), 1)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return _validate_spec(obj.get("spec", {}), min(1, old.get("spec", {}).get("minReplicas", 1)))

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return counts(STATUS, obj.get("status", {}), "currentReplicas", "desiredReplicas")


def _values(obj: Object) -> Iterator[Object]:
    """What holds quantities: the targets, and what is measured, of each metric."""
    wanted, measured = obj.get("spec", {}).get("metrics"), obj.get("status", {}).get("currentMetrics")
    for side, metrics in (("target", wanted), ("current", measured)):
        for metric in metrics or ():
            for source in metric.values():
                values = source.get(side) if isinstance(source, dict) else None
                if isinstance(values, dict):
                    yield values


def _validate_spec(spec: Object, lowest: int) -> Found:
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    found: Found = []
    if least is not None and least < lowest:
        found.append(invalid(SPEC.child("minReplicas"), least, f"must be greater than or equal to {lowest}"))
    if most < 1:
        found.append(invalid(SPEC.child("maxReplicas"), most, "must be greater than 0"))
    if least is not None and most < least:
        found.append(invalid(SPEC.child("maxReplicas"), most, "must be greater than or equal to `minReplicas`"))
    found += validate_reference(spec.get("scaleTargetRef", {}), SPEC.child("scaleTargetRef"))
    found += validate_metrics(spec, SPEC.child("metrics"))
    for direction in ("scaleUp", "scaleDown"):
        rules = spec.get("behavior", {}).get(direction)
        if rules is not None:
            found += _validate_rules(rules, SPEC.child("behavior", direction))
    return found


def _validate_rules(rules: Object, path: Path) -> Found:
    window, where = rules.get("stabilizationWindowSeconds"), path.child("stabilizationWindowSeconds")
    found: Found = []
    if window is not None and window < 0:
        found.append(invalid(where, window, "must be greater than or equal to zero"))
    if window is not None and window > _MAX_WINDOW_SECONDS:
        found.append(invalid(where, window, f"must be less than or equal to {_MAX_WINDOW_SECONDS}"))
    found += optional_choice(path.child("selectPolicy"), rules.get("selectPolicy"), ("Max", "Min", "Disabled"))
    policies = rules.get("policies") or []
    if not policies:
        found.append(required(path.child("policies"), "must specify at least one Policy"))
    found += each(path.child("policies"), policies, _validate_policy)
    if rules.get("tolerance") is not None:
        found += nonnegative_quantity(path.child("tolerance"), rules["tolerance"])
    return found


def _validate_policy(policy: Object, path: Path) -> Found:
    kind, value, period = policy.get("type", ""), policy.get("value", 0), policy.get("periodSeconds", 0)
    found: Found = []
    if kind not in ("Pods", "Percent"):
        found.append(not_supported(path.child("type"), kind, ("Pods", "Percent")))
    if value <= 0:
        found.append(invalid(path.child("value"), value, "must be greater than zero"))
    if period <= 0:
        found.append(invalid(path.child("periodSeconds"), period, "must be greater than zero"))
    if period > _MAX_PERIOD_SECONDS:
        why = f"must be less than or equal to {_MAX_PERIOD_SECONDS}"
        found.append(invalid(path.child("periodSeconds"), period, why))
    return found
