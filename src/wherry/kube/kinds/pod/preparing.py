"""What the API fills in, takes back and keeps of a pod."""

from collections.abc import Iterable

from wherry.kube.machinery.model import Object

_GATED = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "SchedulingGated",
    "message": "Scheduling is blocked due to non-empty scheduling gates",
}
_TERMS = ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution")


def mirror_addresses(pod: Object) -> None:
    """``podIP`` is the first of ``podIPs``, whichever was given."""
    status = pod.get("status") or {}
    first = status.get("podIP") or ""
    known = status.get("podIPs") or []
    if first and (not known or known[0].get("ip") != first):
        status["podIPs"] = [{"ip": first}]
    elif known and not first:
        status["podIP"] = known[0].get("ip", "")


def gate(pod: Object) -> None:
    """A pod with scheduling gates says from the start why it does not run."""
    if pod["spec"].get("schedulingGates"):
        pod["status"]["conditions"] = [dict(_GATED)]


def merge_label_keys(pod: Object) -> None:
    """``matchLabelKeys`` means the pod's own values of these labels: they go into the selectors."""
    labels = pod["metadata"].get("labels") or {}
    affinity = pod["spec"].get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        for terms in _TERMS:
            for each in (affinity.get(kind) or {}).get(terms) or ():
                term = each.get("podAffinityTerm", each)
                _merge(term, "matchLabelKeys", "In", labels)
                _merge(term, "mismatchLabelKeys", "NotIn", labels)
    for constraint in pod["spec"].get("topologySpreadConstraints") or ():
        _merge(constraint, "matchLabelKeys", "In", labels)


def _merge(term: Object, keys: str, operator: str, labels: Object) -> None:
    selector = term.get("labelSelector")
    if selector is None:
        return
    found = [key for key in term.get(keys) or () if key in labels]
    if found:
        added = [{"key": key, "operator": operator, "values": [labels[key]]} for key in found]
        selector["matchExpressions"] = [*(selector.get("matchExpressions") or ()), *added]


def _become(pod: Object, old: Object, spec: Object) -> None:
    """The old pod with another spec; whose fields are managed by whom stays the new one's."""
    managed = pod["metadata"].get("managedFields")
    kept = {name: value for name, value in old.items() if name not in ("apiVersion", "kind")}
    for name in [name for name in pod if name not in ("apiVersion", "kind")]:
        del pod[name]
    pod.update(kept)
    pod["metadata"] = dict(old["metadata"])
    if managed is not None:
        pod["metadata"]["managedFields"] = managed
    pod["spec"] = spec


def keep_all_but_ephemeral_containers(pod: Object, old: Object) -> None:
    spec = dict(old["spec"])
    added = (pod.get("spec") or {}).get("ephemeralContainers")
    if added is None:
        spec.pop("ephemeralContainers", None)
    else:
        spec["ephemeralContainers"] = added
    _become(pod, old, spec)


def keep_all_but_resources(pod: Object, old: Object) -> None:
    """Where containers were added, removed or renamed nothing is kept: validation says so."""
    new_spec, spec = pod.get("spec") or {}, dict(old["spec"])
    for kind in ("containers", "initContainers"):
        merged = _with_resources(new_spec.get(kind) or (), spec.get(kind) or ())
        if merged is None:
            return
        if merged:
            spec[kind] = merged
    _become(pod, old, spec)


def _with_resources(new: Iterable[Object], old: Iterable[Object]) -> list[Object] | None:
    wanted, kept = list(new), list(old)
    if [each.get("name") for each in wanted] != [each.get("name") for each in kept]:
        return None
    merged: list[Object] = []
    for one, before in zip(wanted, kept, strict=True):
        container = dict(before)
        for name in ("resources", "resizePolicy"):
            container.pop(name, None)
            if name in one:
                container[name] = one[name]
        merged.append(container)
    return merged


def keep_facts(pod: Object, old: Object) -> None:
    """Of a status: its QoS class, and which generation it is about, are not lost by leaving them out."""
    status, before = pod.setdefault("status", {}), old.get("status") or {}
    for name in ("qosClass", "observedGeneration"):
        if not status.get(name) and before.get(name):
            status[name] = before[name]
    generations: dict[str, list[int]] = {}
    for condition in before.get("conditions") or ():
        generations.setdefault(condition.get("type", ""), []).append(condition.get("observedGeneration", 0))
    for condition in status.get("conditions") or ():
        earlier = generations.get(condition.get("type", ""))
        generation = earlier.pop(0) if earlier else 0
        if generation and not condition.get("observedGeneration"):
            condition["observedGeneration"] = generation
