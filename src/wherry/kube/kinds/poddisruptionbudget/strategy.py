"""Rules of PodDisruptionBudgets (k8s.io/kubernetes pkg/apis/policy)."""

from collections.abc import Sequence

from wherry.kube.kinds import rollout
from wherry.kube.kinds.checking import optional_choice
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, STATUS, conditions, counts
from wherry.kube.machinery.fielderrors import FieldError, invalid
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import validate_label_selector

_COUNTS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")


class PodDisruptionBudgetStrategy(Strategy):
    def prepare_create(self, obj: Object, context: Context) -> None:
        obj["status"] = dict.fromkeys(_COUNTS, 0)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        limits = [name for name in ("minAvailable", "maxUnavailable") if spec.get(name) is not None]
        found: list[FieldError] = []
        if len(limits) == 2:
            found.append(invalid(SPEC, spec, "minAvailable and maxUnavailable cannot be both set"))
        for name in limits:
            found += rollout.positive_or_percent(SPEC.child(name), spec[name])
            found += rollout.at_most_all(SPEC.child(name), spec[name])
        found += validate_label_selector(spec.get("selector"), SPEC.child("selector"))
        policies = ("IfHealthyBudget", "AlwaysAllow")
        where = SPEC.child("unhealthyPodEvictionPolicy")
        return found + optional_choice(where, spec.get("unhealthyPodEvictionPolicy"), policies)

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status = obj.get("status", {})
        found = conditions(STATUS.child("conditions"), status.get("conditions") or ())
        return found + counts(STATUS, status, *_COUNTS)
