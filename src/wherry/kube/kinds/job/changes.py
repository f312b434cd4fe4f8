"""What may change in a job's pod template: nothing, but where and how pods run while it is suspended."""

from wherry.kube.kinds.checking import same
from wherry.kube.kinds.rules import SPEC, Found, true_condition, without
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import invalid
from wherry.kube.machinery.model import Object

_SCHEDULING = ("nodeSelector", "tolerations", "schedulingGates")


def may_reschedule(old: Object) -> bool:
    """It is suspended, and no pods of it run: it has none yet, or the controller says that they are gone."""
    status = old.get("status", {})
    stopped = status.get("startTime") is None or true_condition(old, "Suspended")
    return bool(old.get("spec", {}).get("suspend")) and stopped and not status.get("active", 0)


def validate_template_change(obj: Object, old: Object) -> Found:
    now, before = obj.get("spec", {}).get("template", {}), old.get("spec", {}).get("template", {})
    if may_reschedule(old):
        unchanged = same(_kept(now), _kept(before))
    else:
        unchanged = same(now, before)
    return [] if unchanged else [invalid(SPEC.child("template"), now, names.IMMUTABLE)]


def _kept(template: Object) -> Object:
    """Without what may change: labels, annotations, where the pods go, and what their containers need."""
    pod = without(template.get("spec", {}), *_SCHEDULING)
    if pod.get("affinity"):
        pod["affinity"] = without(pod["affinity"], "nodeAffinity")
    for kind in ("containers", "initContainers"):
        pod[kind] = [without(container, "resources") for container in pod.get(kind) or ()]
    return {"metadata": without(template.get("metadata", {}), "labels", "annotations"), "spec": pod}
