"""What a pod asks for in all (k8s.io/component-helpers resource/helpers.go), and sums of amounts."""

from collections.abc import Mapping

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import Quantity, parse

Amounts = Mapping[str, Quantity]


def parsed(values: Object | None) -> dict[str, Quantity]:
    """A ResourceList."""
    return {name: parse(value) for name, value in (values or {}).items()}


def asked(resources: Object | None, which: str) -> dict[str, Quantity]:
    """``which``: requests or limits, of a container, a claim or a pod."""
    return parsed((resources or {}).get(which))


def added(*amounts: Amounts) -> dict[str, Quantity]:
    total: dict[str, Quantity] = {}
    for each in amounts:
        for name, quantity in each.items():
            total[name] = total[name] + quantity if name in total else quantity
    return total


def most(*amounts: Amounts) -> dict[str, Quantity]:
    """The larger of each."""
    total: dict[str, Quantity] = {}
    for each in amounts:
        for name, quantity in each.items():
            if name not in total or total[name] < quantity:
                total[name] = quantity
    return total


def taken(amounts: Amounts, less: Amounts) -> dict[str, Quantity]:
    """What is more than ``less``; nothing is less than nothing."""
    zero = Quantity(0)
    return {name: max(quantity - less.get(name, zero), zero) for name, quantity in amounts.items()}


def pod_amounts(pod: Object, which: str) -> dict[str, Quantity]:
    """Containers and those that stay beside them in sum, or the largest step of the beginning, whichever is more;
    what the pod itself says counts instead. ``pod`` needs ``spec`` alone; with a ``status``, what containers still
    have counts where it is more than what they ask for (a resize under way)."""
    spec = pod.get("spec", {})
    had = _had(pod.get("status") or {}, which)
    running = added(*(_container(each, had, which) for each in spec.get("containers") or ()))
    beside: dict[str, Quantity] = {}
    beginning: dict[str, Quantity] = {}
    for container in spec.get("initContainers") or ():
        wanted = _container(container, had, which)
        if container.get("restartPolicy") == "Always":
            beside = added(beside, wanted)
            wanted = {}
        beginning = most(beginning, added(wanted, beside))
    return {**most(added(running, beside), beginning), **asked(spec.get("resources"), which)}


def with_overhead(pod: Object, which: str) -> dict[str, Quantity]:
    """The same, and what running the pod takes (of limits: where there is one)."""
    total = pod_amounts(pod, which)
    overhead = parsed(pod.get("spec", {}).get("overhead"))
    counted = overhead if which == "requests" else {name: each for name, each in overhead.items() if name in total}
    return added(total, counted)


def _container(container: Object, had: Mapping[str, Amounts], which: str) -> dict[str, Quantity]:
    return most(asked(container.get("resources"), which), had.get(container.get("name", ""), {}))


def _had(status: Object, which: str) -> dict[str, Amounts]:
    """What each container has, as its node says."""
    found: dict[str, Amounts] = {}
    for each in (one for field in ("containerStatuses", "initContainerStatuses") for one in status.get(field) or ()):
        has = asked(each.get("resources"), which)
        if which == "requests":
            has = most(has, parsed(each.get("allocatedResources")))
        found[each.get("name", "")] = has
    return found
