"""The pods that belong together with a pod: those of the same services and of the same workload. Default spreading is
among these (pkg/scheduler/framework/plugins/helper/spread.go: DefaultSelector)."""

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import NOTHING, LabelSelector, of_labels
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.selectors import selector_of

SERVICE = "Service"
KINDS = {
    ("v1", "ReplicationController"): "ReplicationController",
    ("apps/v1", "ReplicaSet"): "ReplicaSet",
    ("apps/v1", "StatefulSet"): "StatefulSet",
}


class Owners:
    """Selectors, kept as these objects come and go."""

    def __init__(self) -> None:
        self._services: dict[str, dict[str, LabelSelector]] = {}
        self._workloads: dict[tuple[str, str, str], LabelSelector] = {}

    def set(self, kind: str, namespace: str, name: str, obj: Object | None) -> None:
        """None: it is gone."""
        selector = _selector(kind, obj) if obj is not None else None
        if kind == SERVICE:
            services = self._services.setdefault(namespace, {})
            if selector is None:
                services.pop(name, None)
            else:
                services[name] = selector
        elif selector is None:
            self._workloads.pop((kind, namespace, name), None)
        else:
            self._workloads[kind, namespace, name] = selector

    def selector(self, pod: Pod) -> LabelSelector:
        """All requirements of theirs together; it selects nothing when nobody knows the pod."""
        found = [
            requirement
            for service in self._services.get(pod.namespace, {}).values() if service.matches(pod.labels)
            for requirement in service.requirements
        ]  # fmt: skip
        if pod.owner is not None:
            kind = KINDS.get((pod.owner.api_version, pod.owner.kind))
            workload = self._workloads.get((kind or "", pod.namespace, pod.owner.name))
            if workload is not None:
                found += workload.requirements
        if not found:
            return NOTHING
        return LabelSelector(tuple(dict.fromkeys(found)))


def _selector(kind: str, obj: Object) -> LabelSelector | None:
    """None: it has none."""
    given = (obj.get("spec") or {}).get("selector")
    if not given:
        return None
    if kind in (SERVICE, "ReplicationController"):
        return of_labels(given)
    return selector_of(given)
