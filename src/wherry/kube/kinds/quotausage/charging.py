"""Whether a quota bears more, and what its status says then: pure
(k8s.io/apiserver pkg/admission/plugin/resourcequota)."""

from collections.abc import Iterable

from wherry.kube.kinds.quotausage.amounts import Amounts, added, asked, parsed, taken
from wherry.kube.kinds.quotausage.usage import PODS, compute_amounts, is_about
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.quantity import Quantity

_EXPLICIT = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
"""Where one of these is limited, every container must say how much of it it wants."""


def hard(quota: Object) -> dict[str, Quantity]:
    return parsed((quota.get("status") or {}).get("hard"))


def used(quota: Object) -> dict[str, Quantity]:
    return parsed((quota.get("status") or {}).get("used"))


def limited(quota: Object, resource: GroupResource) -> list[str]:
    """Names of what it limits of such objects, sorted."""
    return sorted(name for name in hard(quota) if is_about(name, resource))


def unspecified(names: Iterable[str], pod: Object) -> str:
    """What containers do not say although a quota limits it; empty: nothing."""
    wanted = _EXPLICIT.intersection(names)
    spec = pod.get("spec", {})
    of_pod = set(_said(spec.get("resources")))
    missing: dict[str, set[str]] = {}
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        for name in wanted - of_pod - set(_said(container.get("resources"))):
            missing.setdefault(name, set()).add(container.get("name", ""))
    if not missing:
        return ""
    return "must specify " + "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))


def _said(resources: Object | None) -> Amounts:
    return compute_amounts(asked(resources, "requests"), asked(resources, "limits"))


def refusal(quota: Object, resource: GroupResource, obj: Object) -> str:
    """Why the quota cannot judge this object; empty: it can."""
    name = quota["metadata"]["name"]
    names = limited(quota, resource)
    complaint = unspecified(names, obj) if resource == PODS else ""
    if complaint:
        return f"failed quota: {name}: {complaint}"
    if not set(names) <= used(quota).keys():
        return f"status unknown for quota: {name}, resources: {','.join(names)}"
    return ""


def exceeded(quota: Object, more: Amounts) -> str:
    """Upstream's text when it would be too much; empty: it bears it."""
    bounds, so_far = hard(quota), used(quota)
    asked_of_it = {name: quantity for name, quantity in more.items() if name in bounds and quantity}
    after = added({name: so_far[name] for name in asked_of_it if name in so_far}, asked_of_it)
    beyond = sorted(name for name, quantity in after.items() if quantity > bounds[name])
    if not beyond:
        return ""
    shown = (_shown(which, beyond) for which in (asked_of_it, so_far, bounds))
    return "exceeded quota: {}, requested: {}, used: {}, limited: {}".format(quota["metadata"]["name"], *shown)


def _shown(amounts: Amounts, names: Iterable[str]) -> str:
    return ",".join(f"{name}={amounts.get(name, Quantity(0))}" for name in names)


def charged(quota: Object, more: Amounts) -> Object:
    """The status with that much more used."""
    bounds = hard(quota)
    total = added(used(quota), {name: quantity for name, quantity in more.items() if name in bounds})
    return {**(quota.get("status") or {}), "used": {name: str(quantity) for name, quantity in total.items()}}


def given_back(quota: Object, less: Amounts) -> Object:
    """The status with that much less used."""
    total = taken(used(quota), less)
    return {**(quota.get("status") or {}), "used": {name: str(quantity) for name, quantity in total.items()}}
