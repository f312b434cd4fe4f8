"""Defaults and rules of Deployments (k8s.io/kubernetes pkg/apis/apps)."""

from collections.abc import Sequence

from wherry.kube.kinds import rollout, templates
from wherry.kube.kinds.checking import immutable, same, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, STATUS, Found, counts
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object


class DeploymentStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
        strategy = spec.setdefault("strategy", {})
        set_default(strategy, type="RollingUpdate")
        if strategy["type"] == "RollingUpdate":
            set_default(strategy.setdefault("rollingUpdate", {}), maxUnavailable="25%", maxSurge="25%")
        templates.default_template(spec)

    def default_status(self, obj: Object) -> None:
        """Nothing in it has a default."""

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return _validate_spec(obj.get("spec", {}))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        now, before = obj.get("spec", {}).get("selector"), old.get("spec", {}).get("selector")
        return [*self.validate(obj, context), *immutable(SPEC.child("selector"), now, before)]

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return _validate_status(obj.get("status", {}), old.get("status", {}))

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return templates.warnings(obj, old)

    def generation_counts(self, obj: Object, old: Object) -> bool:
        """Annotations count, too: they are copied to the ReplicaSets."""
        now, before = obj.get("metadata", {}).get("annotations"), old.get("metadata", {}).get("annotations")
        return not same(now, before) or super().generation_counts(obj, old)


def _validate_spec(spec: Object) -> Found:
    found = counts(SPEC, spec, "replicas")
    found += templates.validate_selector(spec, SPEC, "deployment")
    found += templates.validate_controlled(spec, SPEC, "ReplicaSet")
    found += _validate_strategy(spec.get("strategy", {}), SPEC.child("strategy"))
    found += counts(SPEC, spec, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        where = SPEC.child("progressDeadlineSeconds")
        found.append(invalid(where, deadline, "must be greater than minReadySeconds"))
    return found


def _validate_strategy(strategy: Object, path: Path) -> Found:
    update, where = strategy.get("rollingUpdate"), path.child("rollingUpdate")
    kind = strategy.get("type", "")
    if kind == "Recreate":
        why = "may not be specified when strategy `type` is 'Recreate'"
        return [forbidden(where, why)] if update is not None else []
    if kind != "RollingUpdate":
        return [not_supported(path, strategy, ("Recreate", "RollingUpdate"))]
    if update is None:
        return [required(where, "this should be defaulted and never be nil")]
    unavailable, surge = update.get("maxUnavailable", 0), update.get("maxSurge", 0)
    at = where.child("maxUnavailable")
    found = rollout.positive_or_percent(at, unavailable)
    found += rollout.positive_or_percent(where.child("maxSurge"), surge)
    if rollout.amount(unavailable) == 0 and rollout.amount(surge) == 0:
        found.append(invalid(at, unavailable, "may not be 0 when `maxSurge` is 0"))
    return found + rollout.at_most_all(at, unavailable)


def _validate_status(status: Object, old: Object) -> Found:
    fields = ("updatedReplicas", "readyReplicas", "availableReplicas")
    found = counts(STATUS, status, "observedGeneration")
    found += counts(STATUS, status, "replicas", *fields, "unavailableReplicas", "terminatingReplicas")
    found += rollout.parts(STATUS, status, "replicas", *fields)
    found += rollout.parts(STATUS, status, "readyReplicas", "availableReplicas", said="readyReplicas")
    return found + rollout.collisions(STATUS, status, old)
