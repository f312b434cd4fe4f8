"""Pod templates and the selectors that find their pods: what workloads have in common."""

from wherry.kube.kinds.podspec import (
    default_pod_template,
    pod_template_warnings,
    validate_pod_template,
    validate_pod_template_for_controller,
)
from wherry.kube.kinds.rules import SPEC, Found, surprising_name
from wherry.kube.machinery.fielderrors import Path, invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_object, validate_label_selector
from wherry.kube.machinery.status import StatusError

MISMATCH = "`selector` does not match template `labels`"


def default_template(holder: Object) -> None:
    """Of the field ``template``."""
    default_pod_template(holder.setdefault("template", {}))


def validate_template(template: Object, path: Path) -> Found:
    return list(validate_pod_template(template, path))


def labels_of(template: Object) -> Object | None:
    found: Object | None = template.get("metadata", {}).get("labels")
    return found


def is_empty(selector: Object) -> bool:
    return not selector.get("matchLabels") and not selector.get("matchExpressions")


def validate_selector(spec: Object, path: Path, noun: str) -> Found:
    """There must be one, and it must select something."""
    selector, where = spec.get("selector"), path.child("selector")
    if selector is None:
        return [required(where)]
    found = validate_label_selector(selector, where)
    if is_empty(selector):
        found.append(invalid(where, selector, f"empty selector is invalid for {noun}"))
    return found


def validate_controlled(spec: Object, path: Path, noun: str) -> Found:
    """The pods of the template are among those that the selector finds, and run for ever."""
    try:
        selector = of_object(spec.get("selector"))
    except StatusError:
        return [invalid(path.child("selector"), spec.get("selector"), "invalid label selector")]
    return validate_pod_template_for_controller(spec.get("template"), selector, noun, path.child("template"))


def warnings(obj: Object, old: Object | None) -> list[str]:
    """Of a workload: at its creation, and when something changes that a controller looks at."""
    if old is not None and _generation(obj) == _generation(old):
        return []
    found = surprising_name(obj) if old is None else []
    return found + pod_template_warnings(obj.get("spec", {}).get("template", {}), SPEC.child("template"))


def _generation(obj: Object) -> object:
    return obj.get("metadata", {}).get("generation")
