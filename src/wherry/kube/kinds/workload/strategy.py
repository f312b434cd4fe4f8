"""Rules of Workloads (k8s.io/kubernetes pkg/apis/scheduling)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.podgroup.rules import validate_group, validate_group_change
from wherry.kube.kinds.rules import SPEC, Found, distinct, each, limited, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object

_MAX_TEMPLATES = 8
_TEMPLATES, _CONTROLLER = SPEC.child("podGroupTemplates"), SPEC.child("controllerRef")
_ALPHA = "compositePodGroupTemplates"


class WorkloadStrategy(Strategy):
    def prepare_create(self, obj: Object, context: Context) -> None:
        obj.get("spec", {}).pop(_ALPHA, None)

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        obj.get("spec", {}).pop(_ALPHA, None)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        templates = spec.get("podGroupTemplates") or []
        found = [] if templates else [required(_TEMPLATES)]
        found += limited(_TEMPLATES, templates, _MAX_TEMPLATES)
        found += distinct(_TEMPLATES, (template.get("name", "") for template in templates))
        found += each(_TEMPLATES, templates, _validate_template)
        if len({(one.get("priorityClassName", ""), one.get("priority")) for one in templates}) > 1:
            found.append(invalid(SPEC, None, "detected multiple priority configurations"))
        return found + _validate_controller(spec.get("controllerRef"))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        now, before = obj.get("spec", {}), old.get("spec", {})
        found = [*self.validate(obj, context)]
        found += immutable(_CONTROLLER, now.get("controllerRef"), before.get("controllerRef"))
        return found + _validate_change(now.get("podGroupTemplates") or [], before.get("podGroupTemplates") or [])


def _validate_template(template: Object, path: Path) -> Found:
    return wanted(path.child("name"), template.get("name", ""), names.dns1123_label) + validate_group(template, path)


def _validate_controller(reference: Object | None) -> Found:
    if reference is None:
        return []
    group = reference.get("apiGroup", "")
    found = names.complain(_CONTROLLER.child("apiGroup"), group, names.dns1123_subdomain(group)) if group else []
    found += wanted(_CONTROLLER.child("kind"), reference.get("kind", ""), names.path_segment)
    return found + wanted(_CONTROLLER.child("name"), reference.get("name", ""), names.path_segment)


def _validate_change(templates: Sequence[Object], old: Sequence[Object]) -> Found:
    """None comes or goes; what is in one changes only as its group may."""
    known = {template.get("name", ""): template for template in old}
    if [template.get("name", "") for template in templates] != list(known):
        return [invalid(_TEMPLATES, list(templates), names.IMMUTABLE)]
    return each(_TEMPLATES, templates, lambda one, path: validate_group_change(one, known[one.get("name", "")], path))
