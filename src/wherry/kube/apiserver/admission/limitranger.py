"""LimitRanger: amounts that a namespace's LimitRanges give to who names none, and their bounds
(k8s.io/kubernetes plugin/pkg/admission/limitranger)."""

from collections.abc import Iterator

from wherry.kube.apiserver.admission.limits import complaints
from wherry.kube.apiserver.admission.plugin import (
    CLAIMS,
    CREATE_UPDATE,
    PODS,
    InNamespaces,
    Needs,
    Plugin,
    new_object,
    refusal,
)
from wherry.kube.apiserver.model import AdmissionRequest, Operation
from wherry.kube.kinds.quotausage.amounts import asked, pod_amounts
from wherry.kube.machinery.model import GroupResource, Object

RANGES = GroupResource("", "limitranges")
ANNOTATION = "kubernetes.io/limit-ranger"
_FIELDS = ("containers", "initContainers")
"""Those that may ask for resources: ephemeral containers may not (the kind's validation sees to it)."""


class LimitRanger(Plugin):
    name = "LimitRanger"
    resources = frozenset({PODS, CLAIMS})
    operations = CREATE_UPDATE
    subresources = frozenset({"", "resize"})

    def __init__(self, needs: Needs) -> None:
        self._ranges = InNamespaces(needs.listers.of(RANGES))

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        """An update of a pod changes no amounts, but for a resize; a claim may grow."""
        if not super().handles(resource, operation, subresource):
            return False
        if resource == CLAIMS:
            return subresource == ""
        return (operation is Operation.CREATE) == (subresource == "")

    def admit(self, request: AdmissionRequest) -> None:
        if request.resource == PODS and not request.subresource:
            for limit_range in self._ranges.of(request.namespace):
                fill_in(new_object(request), limit_range)

    def validate(self, request: AdmissionRequest) -> None:
        ranges = self._ranges.of(request.namespace)
        if not ranges:
            return
        obj = new_object(request)
        check = _pod if request.resource == PODS else _claim
        for limit_range in ranges:
            found = [text for item in limit_range.get("spec", {}).get("limits") or () for text in check(item, obj)]
            unique = list(dict.fromkeys(found))
            if unique:
                raise refusal(request, unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]")


def fill_in(pod: Object, limit_range: Object) -> None:
    """Give each container what it names no amount of, and note it in an annotation."""
    requests: Object = {}
    limits: Object = {}
    for item in limit_range.get("spec", {}).get("limits") or ():
        if item.get("type") == "Container":
            requests.update(item.get("defaultRequest") or {})
            limits.update(item.get("default") or {})
    if not requests and not limits:
        return
    notes: list[str] = []
    for field, kind in (("containers", "container"), ("initContainers", "init container")):
        for container in pod.get("spec", {}).get(field) or ():
            notes += _fill_container(container, kind, requests, limits)
    if notes:
        annotations = {**(pod["metadata"].get("annotations") or {})}
        annotations[ANNOTATION] = "LimitRanger plugin set: " + "; ".join(notes)
        pod["metadata"]["annotations"] = annotations


def _fill_container(container: Object, kind: str, requests: Object, limits: Object) -> Iterator[str]:
    resources = {**(container.get("resources") or {})}
    for which, defaults in (("request", requests), ("limit", limits)):
        given = resources.get(f"{which}s") or {}
        added = {name: value for name, value in sorted(defaults.items()) if name not in given}
        if added:
            resources[f"{which}s"] = {**given, **added}
            yield f"{', '.join(added)} {which} for {kind} {container.get('name', '')}"
    if resources:
        container["resources"] = resources


def _pod(item: Object, pod: Object) -> Iterator[str]:
    spec = pod.get("spec", {})
    if item.get("type") == "Container":
        for container in (each for field in _FIELDS for each in spec.get(field) or ()):
            resources = container.get("resources")
            yield from complaints(item, asked(resources, "requests"), asked(resources, "limits"))
    elif item.get("type") == "Pod":
        yield from complaints(item, pod_amounts(pod, "requests"), pod_amounts(pod, "limits"))


def _claim(item: Object, claim: Object) -> Iterator[str]:
    if item.get("type") == "PersistentVolumeClaim":
        resources = claim.get("spec", {}).get("resources")
        yield from complaints(item, asked(resources, "requests"), asked(resources, "limits"))
