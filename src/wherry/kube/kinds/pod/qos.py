"""How well a pod's resources are promised (pkg/apis/core/helper/qos)."""

from wherry.kube.machinery import quantity
from wherry.kube.machinery.model import Object

GUARANTEED, BURSTABLE, BEST_EFFORT = "Guaranteed", "Burstable", "BestEffort"
_COMPUTE = ("cpu", "memory")


def qos_class(spec: Object) -> str:
    """Guaranteed: every container has limits of both kinds, and asks for just as much. BestEffort: nobody asks."""
    whole = spec.get("resources") or {}
    if whole.get("requests") or whole.get("limits"):
        holders = [whole]
    else:
        containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
        holders = [each.get("resources") or {} for each in containers]
    requests, limits = _total(holders, "requests"), _total(holders, "limits")
    if not requests and not limits:
        return BEST_EFFORT
    complete = all(_amounts(each, "limits").keys() == set(_COMPUTE) for each in holders)
    same = requests.keys() == limits.keys() and all(requests[name] == limits[name] for name in limits)
    return GUARANTEED if complete and same else BURSTABLE


def _amounts(resources: Object, kind: str) -> dict[str, int]:
    """In nano-units; what is zero or cannot be read is not asked for."""
    found: dict[str, int] = {}
    for name, amount in (resources.get(kind) or {}).items():
        if name in _COMPUTE:
            try:
                nano = quantity.parse(amount).nano
            except ValueError:
                continue
            if nano > 0:
                found[name] = nano
    return found


def _total(holders: list[Object], kind: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in holders:
        for name, nano in _amounts(each, kind).items():
            total[name] = total.get(name, 0) + nano
    return total
