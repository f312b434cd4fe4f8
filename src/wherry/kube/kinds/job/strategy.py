"""Defaults and rules of Jobs (k8s.io/kubernetes pkg/apis/batch, pkg/registry/batch/job)."""

from collections.abc import Sequence

from wherry.kube.kinds import templates
from wherry.kube.kinds.checking import immutable, same, set_default
from wherry.kube.kinds.job import selector
from wherry.kube.kinds.jobspec.indexes import INT32_MAX
from wherry.kube.kinds.jobspec.rules import job_warnings, validate_job_spec
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import METADATA, SPEC, Found, name_of, surprising_name, unchanged
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_object, validate_label_selector
from wherry.kube.machinery.status import StatusError

_FIXED = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")


class JobStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        if spec.get("completions") is None and spec.get("parallelism") is None:
            spec["completions"] = 1
        endless = spec.get("backoffLimitPerIndex") is not None
        set_default(spec, parallelism=1, backoffLimit=INT32_MAX if endless else 6)
        labels, meta = templates.labels_of(spec.get("template", {})), obj.setdefault("metadata", {})
        if labels and not meta.get("labels"):
            meta["labels"] = dict(labels)
        replaced = "TerminatingOrFailed" if spec.get("podFailurePolicy") is None else "Failed"
        set_default(spec, completionMode="NonIndexed", podReplacementPolicy=replaced)
        set_default(spec, suspend=False, manualSelector=False)
        for rule in spec.get("podFailurePolicy", {}).get("rules") or ():
            for pattern in rule.get("onPodConditions") or ():
                set_default(pattern, status="True")
        templates.default_template(spec)

    def default_status(self, obj: Object) -> None:
        """Nothing in it has a default."""

    def prepare_create(self, obj: Object, context: Context) -> None:
        obj.get("spec", {}).pop("scheduling", None)  # alpha
        if not selector.is_manual(obj):
            selector.generate(obj)

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        obj.get("spec", {}).pop("scheduling", None)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = selector.validate(obj) + _validate_spec(spec)
        completions = spec.get("completions") or 0
        if spec.get("completionMode") == "Indexed" and completions > 0:
            host = f"{name_of(obj)}-{completions - 1}"
            if names.dns1123_label(host):
                why = f"will not able to create pod with invalid DNS label: {host}"
                found.append(invalid(METADATA.child("name"), name_of(obj), why))
        return found

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        from wherry.kube.kinds.job.changes import validate_template_change

        now, before = obj.get("spec", {}), old.get("spec", {})
        found = _validate_spec(now) + _validate_completions(now, before) + selector.unchanged(obj, old)
        return found + validate_template_change(obj, old) + unchanged(SPEC, now, before, *_FIXED)

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        from wherry.kube.kinds.job.status import validate_status

        return validate_status(obj, old)

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        found = surprising_name(obj) if old is None else []
        return found + job_warnings(obj.get("spec", {}), SPEC)


def _validate_spec(spec: Object) -> Found:
    found, chosen = validate_job_spec(spec, SPEC), spec.get("selector")
    if chosen is None:
        found.append(required(SPEC.child("selector")))
    found += validate_label_selector(chosen, SPEC.child("selector"))
    labels = templates.labels_of(spec.get("template", {}))
    try:
        matches = of_object(chosen).matches(labels)
    except StatusError:
        return found
    where = SPEC.child("template", "metadata", "labels")
    return found if matches else [*found, invalid(where, labels, templates.MISMATCH)]


def _validate_completions(spec: Object, old: Object) -> Found:
    """An indexed job may grow and shrink, in completions and parallelism together."""
    now, before, where = spec.get("completions"), old.get("completions"), SPEC.child("completions")
    if spec.get("completionMode") != "Indexed":
        return immutable(where, now, before)
    if now is None or same(now, before) or now == spec.get("parallelism"):
        return []
    return [invalid(where, now, "can only be modified in tandem with spec.parallelism")]
