"""Defaults and rules of DaemonSets (k8s.io/kubernetes pkg/apis/apps)."""

from collections.abc import Sequence

from wherry.kube.kinds import rollout, templates
from wherry.kube.kinds.checking import immutable, same, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.podspec import validate_pod_template_for_controller
from wherry.kube.kinds.rules import SPEC, STATUS, Found, counts, unsupported
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_object, validate_label_selector
from wherry.kube.machinery.status import StatusError

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
"""How often the template has changed. A field until extensions/v1beta1; clients still compare pods by it."""


_ALWAYS_THERE = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")


class DaemonSetStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, revisionHistoryLimit=10)
        strategy = spec.setdefault("updateStrategy", {})
        set_default(strategy, type="RollingUpdate")
        if strategy["type"] == "RollingUpdate":
            set_default(strategy.setdefault("rollingUpdate", {}), maxUnavailable=1, maxSurge=0)
        templates.default_template(spec)

    def default_status(self, obj: Object) -> None:
        """Nothing in it has a default."""

    def prepare_create(self, obj: Object, context: Context) -> None:
        obj["status"] = dict.fromkeys(_ALWAYS_THERE, 0)
        _set_generation(obj, max(_generation(obj), 1))

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        now, before = obj.get("spec", {}).get("template"), old.get("spec", {}).get("template")
        _set_generation(obj, _generation(old) + (not same(now, before)))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return _validate_spec(obj.get("spec", {}))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        now, before = obj.get("spec", {}).get("selector"), old.get("spec", {}).get("selector")
        return [*self.validate(obj, context), *immutable(SPEC.child("selector"), now, before)]

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status = obj.get("status", {})
        fields = ("observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable")
        found = counts(STATUS, status, *_ALWAYS_THERE, *fields)
        return found + rollout.collisions(STATUS, status, old.get("status", {}))

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return templates.warnings(obj, old)


def _generation(obj: Object) -> int:
    text = str((obj.get("metadata", {}).get("annotations") or {}).get(TEMPLATE_GENERATION, ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _set_generation(obj: Object, number: int) -> None:
    meta = obj.setdefault("metadata", {})
    meta["annotations"] = {**(meta.get("annotations") or {}), TEMPLATE_GENERATION: str(number)}


def _validate_spec(spec: Object) -> Found:
    where = SPEC.child("selector")
    selector, template = spec.get("selector"), spec.get("template", {})
    found = validate_label_selector(selector, where)
    labels = templates.labels_of(template)
    try:
        if not of_object(selector).matches(labels):
            at = SPEC.child("template", "metadata", "labels")
            found.append(invalid(at, labels, templates.MISMATCH))
    except StatusError:
        pass  # said already
    if selector is not None and templates.is_empty(selector):
        found.append(invalid(where, selector, "empty selector is invalid for daemonset"))
    found += validate_pod_template_for_controller(template, None, "DaemonSet", SPEC.child("template"))
    found += counts(SPEC, spec, "minReadySeconds")
    found += _validate_update_strategy(spec.get("updateStrategy", {}), SPEC.child("updateStrategy"))
    return found + counts(SPEC, spec, "revisionHistoryLimit")


def _validate_update_strategy(strategy: Object, path: Path) -> Found:
    kind, update, where = strategy.get("type", ""), strategy.get("rollingUpdate"), path.child("rollingUpdate")
    if kind == "OnDelete":
        return []
    if kind != "RollingUpdate":
        return [unsupported(path, strategy, "RollingUpdate", "OnDelete")]
    if update is None:
        return [required(where)]
    unavailable, surge = update.get("maxUnavailable", 0), update.get("maxSurge", 0)
    at, above = where.child("maxUnavailable"), where.child("maxSurge")
    found = rollout.positive_or_percent(at, unavailable) + rollout.positive_or_percent(above, surge)
    found += rollout.at_most_all(at, unavailable) + rollout.at_most_all(above, surge)
    if rollout.amount(unavailable) and rollout.amount(surge):
        found.append(invalid(above, surge, "may not be set when maxUnavailable is non-zero"))
    elif not rollout.amount(unavailable) and not rollout.amount(surge):
        found.append(required(at, "cannot be 0 when maxSurge is 0"))
    return found
