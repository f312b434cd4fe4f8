"""What a pod asks of its node (k8s.io/component-helpers resource/helpers.go), in whole numbers.

``cpu`` is counted in thousandths, all else in its unit; what is finer is rounded up.
"""

from collections.abc import Mapping

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import parse

Amounts = dict[str, int]

CPU, MEMORY, STORAGE, PODS = "cpu", "memory", "ephemeral-storage", "pods"
ASSUMED: Mapping[str, int] = {CPU: 100, MEMORY: 200 << 20}
"""Of a container that asks for nothing, so that many of these are not all put on one node
(pkg/scheduler/util/pod_resources.go)."""
_NOTHING: Mapping[str, int] = {}
_OF_PODS = (CPU, MEMORY)
"""What a pod as a whole may ask for, besides huge pages."""


def amounts(listed: Object | None) -> Amounts:
    """Of a ResourceList. What cannot be read counts as nothing."""
    found: Amounts = {}
    for name, text in (listed or {}).items():
        try:
            quantity = parse(text)
        except ValueError:
            continue
        found[name] = quantity.milli if name == CPU else quantity.value
    return found


def requests_of(pod: Object, assumed: Mapping[str, int] = _NOTHING) -> Amounts:
    """Containers and sidecars in sum, or the largest step of the beginning, whichever is more; what the pod itself
    says counts instead; and the overhead. ``assumed``: for containers that do not say."""
    spec = pod.get("spec") or {}
    had = _had(pod.get("status") or {})
    running: Amounts = {}
    for container in spec.get("containers") or ():
        _add(running, _asked(container, had, assumed))
    beside: Amounts = {}
    beginning: Amounts = {}
    for container in spec.get("initContainers") or ():
        asked = _asked(container, had, assumed)
        if container.get("restartPolicy") == "Always":
            _add(beside, asked)
            asked = beside
        else:
            _add(asked, beside)
        _raise(beginning, asked)
    _add(running, beside)
    _raise(running, beginning)
    whole = amounts((spec.get("resources") or {}).get("requests"))
    running.update((name, amount) for name, amount in whole.items() if _is_of_pods(name))
    _add(running, amounts(spec.get("overhead")))
    return running


def _is_of_pods(name: str) -> bool:
    return name in _OF_PODS or name.startswith("hugepages-")


def _asked(container: Object, had: Mapping[str, Amounts], assumed: Mapping[str, int]) -> Amounts:
    asked = amounts((container.get("resources") or {}).get("requests"))
    if had:
        _raise(asked, had.get(container.get("name", ""), {}))
    for name, amount in assumed.items():
        asked.setdefault(name, amount)
    return asked


def _had(status: Object) -> dict[str, Amounts]:
    """What containers have while they are being resized, by their names."""
    found: dict[str, Amounts] = {}
    for field in ("containerStatuses", "initContainerStatuses"):
        for each in status.get(field) or ():
            has = amounts((each.get("resources") or {}).get("requests"))
            _raise(has, amounts(each.get("allocatedResources")))
            if has:
                found[each.get("name", "")] = has
    return found


def _add(total: Amounts, more: Mapping[str, int]) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


def _raise(total: Amounts, other: Mapping[str, int]) -> None:
    """To the larger of each."""
    for name, amount in other.items():
        if amount > total.get(name, 0):
            total[name] = amount
