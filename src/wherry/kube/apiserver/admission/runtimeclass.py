"""RuntimeClass: the overhead and the scheduling of a pod's runtime class become the pod's
(k8s.io/kubernetes plugin/pkg/admission/runtimeclass)."""

from typing import Any

from wherry.kube.apiserver.admission.plugin import CREATE, PODS, Needs, Plugin, new_object, refusal
from wherry.kube.apiserver.model import AdmissionRequest, Waits
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.quantity import parse

RUNTIME_CLASSES = GroupResource("node.k8s.io", "runtimeclasses")


class RuntimeClass(Plugin):
    name = "RuntimeClass"
    resources = frozenset({PODS})
    operations = CREATE

    def __init__(self, needs: Needs) -> None:
        self._listers = needs.listers
        self._live = needs.live

    def admit(self, request: AdmissionRequest) -> Waits:
        name = new_object(request).get("spec", {}).get("runtimeClassName")
        return self._fill_in(request, name) if name else None

    async def _fill_in(self, request: AdmissionRequest, name: str) -> None:
        spec, found = new_object(request)["spec"], await self._class_of(request, name)
        overhead = (found.get("overhead") or {}).get("podFixed")
        if overhead:
            if spec.get("overhead") and not _same(spec["overhead"], overhead):
                raise refusal(
                    request,
                    "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
                )
            spec["overhead"] = dict(overhead)
        self._schedule(request, spec, found.get("scheduling") or {})

    def validate(self, request: AdmissionRequest) -> Waits:
        spec = new_object(request).get("spec", {})
        if name := spec.get("runtimeClassName"):
            return self._check_of_class(request, name)
        _check_overhead(request, spec, None)
        return None

    async def _check_of_class(self, request: AdmissionRequest, name: str) -> None:
        found = await self._class_of(request, name)
        _check_overhead(request, new_object(request)["spec"], (found.get("overhead") or {}).get("podFixed"))

    async def _class_of(self, request: AdmissionRequest, name: str) -> Object:
        found = self._listers.of(RUNTIME_CLASSES).get(name) or await self._live.get(RUNTIME_CLASSES, name)
        if found is None:
            raise refusal(request, f'pod rejected: RuntimeClass "{name}" not found')
        return found

    def _schedule(self, request: AdmissionRequest, spec: Object, scheduling: Object) -> None:
        selector = dict(spec.get("nodeSelector") or {})
        for key, value in (scheduling.get("nodeSelector") or {}).items():
            if selector.setdefault(key, value) != value:
                raise refusal(
                    request, f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector"
                    f"[{key}] = {selector[key]}",
                )  # fmt: skip
        if selector:
            spec["nodeSelector"] = selector
        own: list[Any] = list(spec.get("tolerations") or ())  # Any: JSON
        added = [each for each in scheduling.get("tolerations") or () if each not in own]
        if added:
            spec["tolerations"] = own + added


def _check_overhead(request: AdmissionRequest, spec: Object, overhead: Object | None) -> None:
    if spec.get("overhead") and not overhead:
        raise refusal(request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")


def _same(one: Object, other: Object) -> bool:
    return {name: parse(value) for name, value in one.items()} == {name: parse(value) for name, value in other.items()}
